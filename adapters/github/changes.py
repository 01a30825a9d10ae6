"""Branches, commits and pull requests: what applying a recommendation needs."""

from __future__ import annotations

import base64

from adapters.github.answers import FileCommit, PullRequest, Reference, read_as
from adapters.github.files import Files, blob_name
from adapters.github.names import checked_branch, checked_sha, quoted_path
from adapters.github.session import Session
from schemas.errors import GitHubError
from schemas.github import FileAt


class Changes:
    """Changes the code of one repository. Not for several threads.

    Args:
        session: Requests.
        root: The repository's path in the API.
    """

    def __init__(self, session: Session, root: str) -> None:
        self._session, self._root = session, root
        self._files = Files(session, root)

    def create_branch(self, name: str, sha: str) -> None:
        """Make a branch.

        Raises:
            GitHubError: ``github.conflict``: there is one of that name; or it cannot be made.
        """
        body = {"ref": f"refs/heads/{checked_branch(name)}", "sha": checked_sha(sha)}

        def send() -> str:
            made = self._session.ask("POST", f"{self._root}/git/refs", body=body, once=True)
            return read_as(Reference, made.data).object.sha

        def look(_: float) -> str | None:
            found = self._head_or_none(name)
            return found if found == sha else None

        self._session.settle(send, look)

    def delete_branch(self, name: str) -> None:
        """Remove a branch; one that is gone already is no error.

        Raises:
            GitHubError: It cannot be removed.
        """
        path = f"{self._root}/git/refs/heads/{quoted_path(checked_branch(name))}"
        try:
            self._session.ask("DELETE", path)
        except GitHubError as error:
            # The API answers 422 "Reference does not exist" for a branch that is gone.
            if error.code == "github.not_found" or self._head_or_none(name) is None:
                return
            raise

    def put_file(self, branch: str, file: FileAt, content: bytes, message: str) -> str:
        """Commit a file, only if it is still the blob given.

        Raises:
            GitHubError: ``github.conflict``: it is another by now; or it cannot be committed.
        """
        body = {
            "message": message,
            "content": base64.b64encode(content).decode(),
            "branch": checked_branch(branch),
        }
        if file.blob_sha:
            body["sha"] = checked_sha(file.blob_sha)
        path = f"{self._root}/contents/{quoted_path(file.path)}"

        def send() -> str:
            done = self._session.ask("PUT", path, body=body, once=True)
            return read_as(FileCommit, done.data).commit.sha

        def look(_: float) -> str | None:
            head = self._files.head_of(branch)
            now = self._files.at(file.path, head)
            wanted = blob_name(content, len(head))
            # The old content is no proof: then asking again is safe, since the blob is named.
            if now is None or now.blob_sha != wanted or wanted == file.blob_sha:
                return None
            return head

        return self._session.settle(send, look)

    def open_pull_request(self, head: str, base: str, title: str, body: str) -> tuple[int, str]:
        """Open a pull request between two branches of the repository.

        Raises:
            GitHubError: ``github.conflict``: there is one; or it cannot be opened.
        """
        given = {"head": checked_branch(head), "base": checked_branch(base)}
        owner = self._root.split("/")[2]

        def send() -> tuple[int, str]:
            answer = self._session.ask(
                "POST",
                f"{self._root}/pulls",
                body={**given, "title": title, "body": body},
                once=True,
            )
            return _number_and_page(read_as(PullRequest, answer.data))

        def look(_: float) -> tuple[int, str] | None:
            query = {"head": f"{owner}:{head}", "base": base, "state": "open"}
            found = self._session.get(f"{self._root}/pulls", query).data
            if not isinstance(found, list) or not found:
                return None
            return _number_and_page(read_as(PullRequest, found[0]))

        return self._session.settle(send, look)

    def _head_or_none(self, branch: str) -> str | None:
        try:
            return self._files.head_of(branch)
        except GitHubError as error:
            if error.code == "github.not_found":
                return None
            raise


def _number_and_page(pull: PullRequest) -> tuple[int, str]:
    return pull.number, pull.html_url
