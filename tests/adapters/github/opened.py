"""Opens a fake GitHub as the program does."""

from adapters.github import open_reader, open_writer
from adapters.settings import Settings
from tests.github_server import FakeGitHub


class Opened:
    """Readers and writers for a fake; waiting is written down in `pauses`, not done."""

    def __init__(self, github: FakeGitHub) -> None:
        self.github = github
        self.pauses: list[float] = []

    def settings(self, token=None, **more):
        given = {"github_api_url": self.github.url, **more}
        if "github_app_id" not in more:
            given["github_token"] = token or self.github.token()
        return Settings(**given)

    def reader(self, token=None, **more):
        return open_reader(self.settings(token, **more), self.github.repository, self.pauses.append)

    def writer(self, token=None, **more):
        return open_writer(self.settings(token, **more), self.github.repository, self.pauses.append)
