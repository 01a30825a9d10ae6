"""A recommendation as edits of the repository's own files: only the lines that have to change."""

from ci.handoff.edits.build import edits_of
from ci.handoff.edits.placements import Placements, placements_of
from ci.handoff.edits.result import Edits, FileEdit

__all__ = ["Edits", "FileEdit", "Placements", "edits_of", "placements_of"]
