"""Git's objects, references and files as JSON."""

import base64
from typing import Any

from tests.github_server.account_bodies import STARTED, AccountBodies
from tests.github_server.git_objects import Entry


class CodeBodies(AccountBodies):
    """What the git and contents routes answer."""

    def reference(self, ref: str, sha: str) -> dict[str, Any]:
        return {
            "ref": ref,
            "node_id": f"REF_{ref}",
            "url": f"{self.root}/git/{ref}",
            "object": {"type": "commit", "sha": sha, "url": f"{self.root}/git/commits/{sha}"},
        }

    def tree(self, sha: str, entries: dict[str, tuple[Entry, int | None]]) -> dict[str, Any]:
        """One level of a tree; with each entry the size of its blob."""
        listed = []
        for name, (entry, size) in entries.items():
            shown: dict[str, Any] = {"path": name, "mode": entry.mode, "type": entry.kind}
            shown["sha"] = entry.sha
            if size is not None:
                shown["size"] = size
            if entry.kind != "commit":
                shown["url"] = f"{self.root}/git/{entry.kind}s/{entry.sha}"
            listed.append(shown)
        url = f"{self.root}/git/trees/{sha}"
        return {"sha": sha, "url": url, "tree": listed, "truncated": False}

    def blob(self, sha: str, content: bytes) -> dict[str, Any]:
        return {
            "sha": sha,
            "node_id": f"B_{sha}",
            "size": len(content),
            "url": f"{self.root}/git/blobs/{sha}",
            "content": base64.encodebytes(content).decode(),
            "encoding": "base64",
        }

    def contents(self, path: str, ref: str, entry: Entry, content: bytes) -> dict[str, Any]:
        """A file of the contents API; from 1 MB on it is left out, as the API does."""
        url = f"{self.root}/contents/{path}?ref={ref}"
        page = f"{self.web}/{self.name}/blob/{ref}/{path}"
        large = len(content) > 1_000_000
        return {
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": entry.sha,
            "size": len(content),
            "type": "file",
            "url": url,
            "git_url": f"{self.root}/git/blobs/{entry.sha}",
            "html_url": page,
            "download_url": f"{self.web}/raw/{self.name}/{ref}/{path}",
            "content": "" if large else base64.encodebytes(content).decode(),
            "encoding": "none" if large else "base64",
            "_links": {"self": url, "git": f"{self.root}/git/blobs/{entry.sha}", "html": page},
        }

    def file_commit(self, shown: dict[str, Any], sha: str, message: str) -> dict[str, Any]:
        who = {"name": "ai-provision", "email": "bot@example.com", "date": STARTED}
        listed = {
            name: value for name, value in shown.items() if name not in ("content", "encoding")
        }
        return {
            "content": listed,
            "commit": {
                "sha": sha,
                "node_id": f"C_{sha}",
                "url": f"{self.root}/git/commits/{sha}",
                "html_url": f"{self.web}/{self.name}/commit/{sha}",
                "author": who,
                "committer": who,
                "message": message,
                "tree": {"sha": sha, "url": f"{self.root}/git/trees/{sha}"},
                "parents": [],
            },
        }
