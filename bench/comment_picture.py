"""A picture of the pull-request comment, as GitHub shows it.

    python -m bench.comment_picture docs/comment.png [--recommendation FILE] [--open "Patch"]

Sizes the bundled example (or reads a recommendation), renders the comment with cmark-gfm, which is
GitHub's own renderer, under a style sheet like GitHub's, and takes the picture with Chromium.
"""

from __future__ import annotations

import argparse
import html
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

from ci.handoff.comment.about import CommentAbout
from ci.handoff.comment.patches import patch_files
from ci.handoff.comment.render import render_comment, render_explanation
from ci.handoff.edits import edits_of
from ci.handoff.edits.checkout import checkout_reader
from schemas.recommendation import Recommendation

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SHOP = "examples/shop"
EXAMPLE = ("--trigger", f"{SHOP}/trigger.yaml", "--checkout", SHOP)
WIDTH = 940
"""Pixels: the column of a conversation on a desktop screen, with its margins."""
ABOUT = CommentAbout(
    head_sha="4f1d0c9be27a63558d1c0b9e8a7f6d5c4b3a2910",
    run_url="https://github.com/acme/shop/actions/runs/1234567890",
)
"""A made-up pull request."""
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 20px; background: #fff; color: #1f2328;
  font: 14px/1.5 "Segoe UI", "Noto Sans", "Liberation Sans", Helvetica, Arial, sans-serif,
  "Noto Color Emoji"; }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }
.author { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px;
  color: #59636e; }
.author b { color: #1f2328; }
.author i { border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 7px; font: 12px sans-serif; }
.body { padding: 16px; }
.body > :first-child { margin-top: 0; } .body > :last-child { margin-bottom: 0; }
h3 { font-size: 1.25em; line-height: 1.25; margin: 24px 0 16px; font-weight: 600; }
h4 { font-size: 1em; line-height: 1.25; margin: 24px 0 16px; font-weight: 600; }
p, ul, ol, table, pre, details { margin: 0 0 16px; }
ul, ol { padding-left: 2em; } li + li { margin-top: .25em; }
table { border-spacing: 0; border-collapse: collapse; display: block; width: max-content;
  max-width: 100%; overflow: auto; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; } th { font-weight: 600; }
tr:nth-child(2n) { background: #f6f8fa; }
code { font: 85%/1.5 "Liberation Mono", "DejaVu Sans Mono", monospace; padding: .2em .4em;
  background: #818b981f; border-radius: 6px; }
pre { background: #f6f8fa; border-radius: 6px; padding: 16px; overflow: auto; font-size: 85%;
  line-height: 1.45; }
pre code { background: none; padding: 0; font-size: 100%; }
pre .add { background: #dafbe1; color: #116329; } pre .del { background: #ffebe9; color: #82071e; }
a { color: #0969da; text-decoration: none; } sub { font-size: 75%; color: #59636e; }
</style><div class="comment"><div class="author"><b>github-actions</b> <i>bot</i> commented</div>
<div class="body">BODY</div></div>"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--recommendation", type=Path, help="default: the bundled example")
    parser.add_argument("--explain", metavar="COMPONENT", help="the explanation instead")
    parser.add_argument("--open", default="", metavar="TITLE", help="a folded part to open")
    chosen = parser.parse_args(arguments)
    text = chosen.recommendation.read_text() if chosen.recommendation else sized_example()
    recommendation = Recommendation.model_validate_json(text)
    edits = edits_of(recommendation, checkout_reader(Path(SHOP)))
    about = replace(ABOUT, edits=patch_files(edits), by_hand=edits.by_hand)
    if chosen.explain:
        comment = render_explanation(recommendation, about, chosen.explain)
    else:
        comment = render_comment(recommendation, about)
    draw(page(comment.text, chosen.open), chosen.out)
    print(f"wrote {chosen.out}")
    return 0


def sized_example() -> str:
    """The recommendation for the bundled example, as JSON."""
    from ci.cli import main as command

    out = io.StringIO()
    with redirect_stdout(out):
        code = command(("size", *EXAMPLE, "--format", "json"))
    if code != 0:
        raise SystemExit(f"sizing the example ended with {code}")
    return out.getvalue()


def page(markdown: str, open_title: str = "") -> str:
    """The comment as a page of HTML, with one folded part open."""
    import cmarkgfm  # type: ignore[import-untyped]
    from cmarkgfm.cmark import Options  # type: ignore[import-untyped]

    flags = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS
    body = cmarkgfm.github_flavored_markdown_to_html(markdown, options=flags)
    if open_title:
        title = html.escape(open_title)
        body = body.replace(f"<details><summary>{title}", f"<details open><summary>{title}")
    return _PAGE.replace(
        "BODY", re.sub(r'(?s)(<pre lang="diff"><code>)(.*?)(</code>)', _coloured, body)
    )


def draw(text: str, out: Path) -> None:
    """Take the picture of a page, as high as it is.

    Raises:
        SystemExit: There is no Chromium.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit("needs Chromium (Debian: apt install chromium)")
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "comment.html")
        file.write_text(f"{text}<script>document.title=document.body.offsetHeight</script>")
        shown = _run(browser, directory, f"--window-size={WIDTH},600", "--dump-dom", file.as_uri())
        height = re.search(r"<title>([0-9]+)</title>", shown)
        size = f"--window-size={WIDTH},{height[1] if height else 2000}"
        target = f"--screenshot={out.resolve()}"
        _run(browser, directory, size, target, "--force-device-scale-factor=1.5", file.as_uri())


def _coloured(match: re.Match[str]) -> str:
    signs = {"+": "add", "-": "del"}
    lines = (
        f'<span class="{signs[text[0]]}">{text}</span>' if text[:1] in signs else text
        for text in match[2].split("\n")
    )
    return match[1] + "\n".join(lines) + match[3]


def _run(browser: str, directory: str, *options: str) -> str:
    base = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
    command = (browser, *base, f"--user-data-dir={directory}/profile", *options)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
