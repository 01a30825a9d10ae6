"""Credentials in text and in the words of commands: found by their place or form, and masked.

A secret is known by the name it is given (``--password x``, ``Password=x;``, ``Authorization: x``),
by its place in an address (``scheme://user:x@host``) or by the form that issuers give their tokens.
What is masked too often costs a word of an explanation; what is masked too seldom is a leak.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

REMOVED = "(removed)"
_MAX_TEXT = 2_000
_SECRET_NAME = re.compile(
    r"pass(?:word|wd|phrase|code)|passw|(?<!by)pass$|pwd|secret|token(?!s|iz)|credential|bearer|"
    r"authori[sz]ation(?![-_]?mode)|cookie(?![-_]?(?:name|domain|expire))|"
    r"(?:api|access|private|account|shared|encryption|signing|master|auth|service)[-_.]?key|"
    r"(?<![a-z])dsn|connection[-_.]?string|connstr|sas[-_.]?(?:url|key)|webhook[-_.]?url",
    re.IGNORECASE,
)
_OPTION_KEY = re.compile(r"(?:^|[-_.])key$", re.IGNORECASE)
_ADDRESS = re.compile(r"(\b[\w+.-]{2,40}://)[^\s/@\"']{1,400}@")
_LOGIN = re.compile(r"(?<![\w/@.-])([\w.-]{1,64}):(?!\d{1,5}@)[^\s/@:\"']{1,200}@(?!sha\d{3}:)")
"""``user:x@host`` without a scheme; ``image:1.2@sha256:…`` is none."""
_ASSIGNED = re.compile(
    r"""(?ix)
    (?<![a-z0-9])
    ([a-z0-9_.-]{0,40}?
     (?:pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|authori[sz]ation|dsn|cookie|
        (?:api|access|private|account|shared|sharedaccess|encryption|signing|master|auth)[-_.]?key|
        signature|sig)
     ["']?[ \t]{0,4}[=:][ \t]{0,4}["']?)
    ((?:bearer|basic|digest|token)[ \t]{1,4})?
    [^\s;&,"'}]{1,400}
    """
)
"""``Password=x;`` of a connection string, ``?token=x`` of an address, a request header."""
_KNOWN_SECRET = re.compile(
    r"(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|ASIA|AIza|sk-|sk_live_|eyJ)[A-Za-z0-9_.=-]{12,}"
)
_LONG_RANDOM = re.compile(r"(?<![\w./:@-])[A-Za-z0-9+_=-]{40,}(?![\w./:@-])")
_LOGIN_OPTION = re.compile(
    r"((?:^|\s)(?:-u|--user|--userinfo|--proxy-user)[ =]?)([^\s:]{1,80}:)\S{1,400}"
)
_CLIENT_OPTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(["redis-cli", "valkey-cli", "keydb-cli"], ("-a",)),
    **dict.fromkeys(["mysql", "mysqld", "mysqladmin", "mysqldump", "mariadb", "mongo"], ("-p",)),
    **dict.fromkeys(["mongosh", "mongodump", "rabbitmqadmin", "mosquitto_sub"], ("-p",)),
    **dict.fromkeys(["sqlcmd", "mosquitto_pub"], ("-P",)),
    **dict.fromkeys(["ldapsearch", "ldapadd", "ldapmodify", "ldapwhoami"], ("-w",)),
    "sshpass": ("-p",),
}
"""Short options of well-known clients that take a password, written apart or attached."""
_REFERENCE_ENDINGS = (
    *["Name", "Names", "-name", "_name", "Ref", "Refs", "-ref", "Policy", "Path", "path"],
    *["-file", "_file", "File"],
)
"""What is called so names an object or a file that holds a secret."""


def is_secret_name(name: str) -> bool:
    """Whether a name says that its value is a secret; names of objects and files are none."""
    name = name.strip()[-120:]
    if name.endswith(_REFERENCE_ENDINGS) or name.startswith("automount"):
        return False
    return _SECRET_NAME.search(name) is not None


def clean_text(text: str) -> str:
    """Text without credentials in addresses, assignments, known token forms, long random words."""
    shortened = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
    shortened = _ADDRESS.sub(rf"\1{REMOVED}@", shortened)
    shortened = _LOGIN.sub(rf"\1:{REMOVED}@", shortened)
    shortened = _LOGIN_OPTION.sub(rf"\1\2{REMOVED}", shortened)
    shortened = _ASSIGNED.sub(rf"\1{REMOVED}", shortened)
    shortened = _KNOWN_SECRET.sub(REMOVED, shortened)
    return _LONG_RANDOM.sub(REMOVED, shortened)


def clean_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Words of a command without credentials."""
    return tuple(str(word) for word in cleaned_words(list(words)))


def cleaned_words(words: list[Any]) -> list[Any]:
    """`clean_words` for a list as a document has it: what is no text stays."""
    return list(_cleaned(words))


def _cleaned(words: list[Any]) -> Iterator[Any]:
    expects: str | None = None
    client_options: tuple[str, ...] = ()
    for word in words:
        if not isinstance(word, str):
            yield word
            continue
        client_options = _CLIENT_OPTIONS.get(word.rpartition("/")[2], client_options)
        expected, expects = expects, _expects(word, client_options)
        if expected == "secret" and not _is_option(word):
            yield REMOVED
        elif expected == "login" and ":" in word and not _is_ids(word):
            yield f"{word.partition(':')[0]}:{REMOVED}"
        else:
            yield _word(word, client_options)


def _is_option(word: str) -> bool:
    """``-x`` and ``--long-x``; a password may begin with a minus sign too, but seldom does."""
    return re.match(r"^--?[A-Za-z][\w-]*(?:=|$)", word) is not None


def _expects(word: str, client_options: tuple[str, ...]) -> str | None:
    """What the word after this one is."""
    if not word.startswith("-") or "=" in word:
        return None
    if word in client_options or is_secret_name(word) or _OPTION_KEY.search(word):
        return "secret"
    return "login" if word in ("-u", "--user", "--proxy-user") else None


def _is_ids(word: str) -> bool:
    """``1000:1000`` is a user and a group."""
    return word.replace(":", "").isdecimal()


def _word(word: str, client_options: tuple[str, ...]) -> str:
    name, equals, _ = word.partition("=")
    if equals and len(name) < 120 and (is_secret_name(name) or _OPTION_KEY.search(name)):
        return f"{name}={REMOVED}"
    for option in client_options:
        if word.startswith(option) and len(word) > len(option) and not word.startswith("--"):
            return f"{option}{REMOVED}"
    return _clients_in(clean_text(word))


def _clients_in(text: str) -> str:
    """A whole shell line in one word: the clients' options in it."""
    if " " not in text:
        return text
    pieces = text.split(" ")
    return " ".join(cleaned_words(pieces)) if len(pieces) < 400 else text
