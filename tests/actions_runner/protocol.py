"""What a step tells the runner: its files and the commands in its log."""

import re
from dataclasses import dataclass, field

_COMMAND = re.compile(r"::(?P<name>[a-z-]+)(?: (?P<properties>.*?))?::(?P<data>.*)")
_OLD = re.compile(r"##\[(?P<name>[a-z-]+)(?: (?P<properties>[^\]]*))?\](?P<data>.*)")
_KNOWN = frozenset(
    {"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "set-output"}
    | {"save-state", "set-env", "add-path", "add-matcher", "remove-matcher", "echo"}
)
SUMMARY_LIMIT = 1024 * 1024


def read_pairs(text: str) -> dict[str, str]:
    """``GITHUB_OUTPUT`` and ``GITHUB_ENV``: ``name=value``, and ``name<<MARK`` with lines."""
    pairs: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, arrow = line.find("="), line.find("<<")
        if equals >= 0 and (arrow < 0 or equals < arrow):
            name, _, value = line.partition("=")
        else:
            assert arrow > 0, f"invalid format {line!r}"
            name, _, mark = line.partition("<<")
            value = "\n".join(_until(mark, lines))
        pairs[name] = value
    return pairs


def _until(mark: str, lines) -> list[str]:
    found = []
    for line in lines:
        if line == mark:
            return found
        found.append(line)
    raise AssertionError(f"the mark {mark!r} never comes")


@dataclass
class Log:
    """The lines of one step, and the commands that the runner found in them."""

    text: str = ""
    commands: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def read(self, text: str) -> None:
        self.text += text
        stopped: str | None = None
        for line in text.splitlines():
            new = re.fullmatch(r"\s*::stop-commands::(.+)", line)
            if stopped is not None:
                stopped = None if line.strip() == f"::{stopped}::" else stopped
            elif new:
                stopped = new[1]
            else:
                self._command(line)

    def _command(self, line: str) -> None:
        match = _COMMAND.fullmatch(line.lstrip()) or _OLD.search(line)
        if match is None or match["name"] not in _KNOWN:
            return
        between = ";" if match.re is _OLD else ","
        pairs = (pair.partition("=") for pair in (match["properties"] or "").split(between))
        properties = {name: _plain(value) for name, _, value in pairs if name}
        self.commands.append((match["name"], properties, _plain(match["data"])))

    def of(self, name: str) -> list[tuple[dict[str, str], str]]:
        return [(properties, data) for known, properties, data in self.commands if known == name]


def _plain(text: str) -> str:
    for code, sign in (
        ("%0D", "\r"),
        ("%0A", "\n"),
        ("%3A", ":"),
        ("%2C", ","),
        ("%25", "%"),
    ):
        text = text.replace(code, sign)
    return text
