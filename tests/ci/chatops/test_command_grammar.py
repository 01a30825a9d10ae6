"""The grammar of a comment."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci.chatops.command import FORMS, addressed, parse_command, repository_slug
from schemas.chatops import Command, Verb
from schemas.errors import UsageError
from schemas.trigger import MAX_DESCRIPTION_CHARACTERS, Environment
from tests.bounded import bounded
from tests.ci.chatops.payloads import FIELDS

URL = "https://github.com/octo-org/shop"


@pytest.mark.parametrize(
    "body",
    ["/ai-provision", "/ai-provision help", "/ai-provision\tenv=dev", "/ai-provision\r\nx",
     "/ai-provision\n", "/AI-Provision", "/ai-provision   "],
)  # fmt: skip
def test_a_comment_that_begins_with_the_command_is_addressed(body):
    assert addressed(body)


@pytest.mark.parametrize(
    "body",
    ["", "/ai-provisioning", "/ai-provision-x", "/ai-provision/help", "/ai-provision:help",
     " /ai-provision", "    /ai-provision", "> /ai-provision", ">/ai-provision", "`/ai-provision`",
     "```\n/ai-provision\n```", "\n/ai-provision", "hey /ai-provision", "- /ai-provision",
     "<!-- -->/ai-provision", "/ai-provision\u200b", "/ai-prov\u00a1sion", "/a\u0131-provision",
     "/ai-provi\u017fion", "\ufeff/ai-provision", "ai-provision", "//ai-provision"],
)  # fmt: skip
def test_everything_else_is_not(body):
    assert not addressed(body)
    with pytest.raises(UsageError):
        parse_command(body)


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("", Command(verb=Verb.SIZE)),
        ("help", Command(verb=Verb.HELP)),
        ("env=staging", Command(verb=Verb.SIZE, environment=Environment.STAGING)),
        ("explain api", Command(verb=Verb.EXPLAIN, component="api")),
        ("explain 'web front'", Command(verb=Verb.EXPLAIN, component="web front")),
        ("explain -- x", None),
        ("apply sha=ABCDEF1", Command(verb=Verb.APPLY, sha="abcdef1")),
        (
            "component=api sha=0123456789 env=dev",
            Command(verb=Verb.SIZE, component="api", sha="0123456789", environment=Environment.DEV),
        ),
        (
            'apply component="a b" sha=abcdef0',
            Command(verb=Verb.APPLY, component="a b", sha="abcdef0"),
        ),
    ],
)
def test_the_first_line(line, want):
    if want is None:
        with pytest.raises(UsageError):
            parse_command(f"/ai-provision {line}")
    else:
        assert parse_command(f"/ai-provision {line}") == want


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("frobnicate", "'frobnicate' is nothing that /ai-provision can do"),
        ("explain", "explain names one component"),
        ("explain a b", "explain names one component"),
        ("explain ''", "a component's name has 1 to 253 characters"),
        ("explain api component=web", "explain names its component once"),
        ("apply", "apply needs sha="),
        ("apply now sha=abcdef0", "'now' does not belong after apply"),
        ("help me", "'me' does not belong after help"),
        ("help env=dev", "help takes no options"),
        ("env=dev env=prod", "env= is given twice"),
        ("env=dev env=dev", "env= is given twice"),
        ("sha=abcdef0 sha=abcdef0", "sha= is given twice"),
        ("env=qa", "'qa' is no environment"),
        ("ENV=dev", "'ENV' is no option"),
        ("env=", "env= has no value"),
        ("env='  '", "env= has no value"),
        ("tier=critical", "'tier' is no option"),
        ("=x", "'' is no option"),
        ("env=dev explain api", "'explain' stands after the options"),
        ("sha=abc", "sha=abc is not 7 to 64 hexadecimal digits"),
        ("sha=main", "sha=main is not"),
        (f"sha={'a' * 65}", "is not 7 to 64 hexadecimal digits"),
        (f"component={'x' * 254}", "a component's name has 1 to 253 characters"),
        ("'explain api", "a quote on the first line never closes"),
        ("component=api\\", "a quote on the first line never closes"),
        (f"explain {'x ' * 600}", "the first line is longer than 1000 characters"),
        ("env=dev\u202e", "U+202E"),
        ("component=a\u200bpi", "U+200B"),
        ("env=dev\x1b[31m", "U+001B"),
        ("env=dev\r explain", "U+000D"),
        ("env=dev\u2028explain", "U+2028"),
        ("component=a\ue000", "U+E000"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(line, says):
    with pytest.raises(UsageError) as caught:
        parse_command(f"/ai-provision {line}\n{FIELDS}")
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert caught.value.code.startswith("command.")


def test_the_forms_in_the_hint_are_forms_that_are_taken():
    for form in FORMS.split(", "):
        line = form.replace("[", "").replace("]", "")
        line = line.replace("dev|staging|prod", "prod").replace("HEX", "abcdef1")
        parse_command(line)


@pytest.mark.parametrize(
    "body",
    [
        FIELDS,
        FIELDS.replace("\n", "\r\n"),
        f"\n\n{FIELDS}\n\n",
        f"```yaml\n{FIELDS}```",
        f"~~~\n{FIELDS}~~~\n\nThanks a lot!",
        f"git_repo: {URL}.git\napp_description: >-\n  Inventory service,\n  2000 QPS peak\n",
    ],
    ids=["plain", "crlf", "blank-lines", "fenced", "text-behind-the-fence", "folded"],
)
def test_the_two_fields(body):
    command = parse_command(f"/ai-provision env=dev\n{body}")
    assert command.git_repo.removesuffix(".git") == URL
    assert command.app_description.startswith("Inventory service, 2000 QPS peak")
    assert command.environment is Environment.DEV


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("app_description: x\n", "git_repo missing"),
        (f"git_repo: {URL}\n", "app_description missing"),
        (f"app_description: x\ngit_repo: {URL}\n", "git_repo comes after app_description"),
        (f"{FIELDS}replicas: 3\n", "'replicas' is not a field"),
        (f"{FIELDS}{FIELDS}", "git_repo a second time"),
        (f"thanks in advance\n{FIELDS}", "this is no field"),
        (f"x\n/ai-provision env=dev\n{FIELDS}", "a second /ai-provision"),
        (f"```yaml\n{FIELDS}```\ngit_repo: https://evil.example/a/b\n", "git_repo a second time"),
        ('{"git_repo": "x", "app_description": "y"}', "this is no field"),
        (FIELDS.replace("QPS", "Q\u202ePS"), "U+202E"),
        (FIELDS.replace("QPS", "Q\x00PS"), "U+0000"),
        (f"git_repo: {URL}\napp_description: {'x' * (MAX_DESCRIPTION_CHARACTERS + 1)}\n",
         "app_description is longer than"),
    ],
    ids=["no-repository", "no-description", "swapped", "third-field", "twice", "text-above",
         "second-command", "second-behind-the-fence", "payload", "bidi", "control", "long"],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["", "explain api", "apply sha=abcdef0"])
def test_fields_that_are_not_right_are_refused_whatever_the_verb(verb, body, says):
    with pytest.raises(UsageError) as caught:
        parse_command(f"/ai-provision {verb}\n{body}")
    assert says in caught.value.message


def test_lines_are_counted_as_the_author_sees_them():
    with pytest.raises(UsageError, match=r"^line 4: "):
        parse_command(f"/ai-provision\n{FIELDS}more: x\n")


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        (URL, "github.com/octo-org/shop"),
        (f"{URL}.git", "github.com/octo-org/shop"),
        (f"{URL}/", "github.com/octo-org/shop"),
        ("https://GitHub.com/Octo-Org/Shop.git/", "github.com/octo-org/shop"),
        ("https://git.corp.example/a/b.c", "git.corp.example/a/b.c"),
        ("https://github.com/a/.github", "github.com/a/.github"),
    ],
)
def test_a_repository_has_one_spelling(url, slug):
    assert repository_slug(url) == slug


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/a/b", "git@github.com:a/b.git", "ssh://git@github.com/a/b",
        "file:///etc/passwd", "/srv/repo", "../repo", "https://github.com/a", "https://github.com/",
        "https://github.com/a/b/tree/main", "https://user:pw@github.com/a/b",
        "https://token@github.com/a/b", "https://github.com/a/b?ref=x", "https://github.com/a/b#x",
        "https://github.com/a/..", "https://github.com/../b", "https://github.com//b",
        "https://github.com:8443/a/b", "https://git..hub/a/b", "https://-x/a/b", "https://a b/c/d",
        "https://github.com/a/b x", "ext::sh -c id", "--upload-pack=x", "https://github.com/a/%2e",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(url):
    with pytest.raises(UsageError, match="git_repo is not an address"):
        repository_slug(url)
    with pytest.raises(UsageError):
        parse_command(f"/ai-provision\ngit_repo: {url.strip()}\napp_description: x\n")


def refusal(body):
    """What a comment is refused with; None when it is a command."""
    try:
        parse_command(body)
    except UsageError as error:
        return error.message
    return None


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_is_a_command_or_a_sentence(text):
    said = refusal(f"/ai-provision {text}")
    assert said is None or (said and "\n" not in said)


@given(
    st.lists(
        st.tuples(st.sampled_from(["env", "component", "sha"]),
                  st.sampled_from(["dev", "prod", "abcdef0", "0123456789abcdef"])),
        max_size=4,
    )
)  # fmt: skip
@settings(deadline=None)
def test_options_stand_in_any_order_and_once(options):
    line = " ".join(shlex.quote(f"{name}={value}") for name, value in options)
    names = [name for name, _ in options]
    valid = len(set(names)) == len(names) and all(
        {"env": value in ("dev", "prod"), "sha": value[-1] in "0f", "component": True}[name]
        for name, value in options
    )
    if not valid:
        with pytest.raises(UsageError):
            parse_command(f"/ai-provision {line}")
        return
    given_ = dict(options)
    command = parse_command(f"/ai-provision {line}")
    assert (command.component, command.sha) == (given_.get("component"), given_.get("sha"))
    assert command.environment == given_.get("env")


@pytest.mark.parametrize(
    "body",
    ["/ai-provision " + "'" * 65_000, "/ai-provision\n" + "git_repo: " * 6_500,
     "/ai-provision\n" + "\n" * 65_000, "/ai-provision\n" + "```\n" * 16_000,
     "/ai-provision\n" + "<!--" * 16_000, "/ai-provision\napp_description: '" + "''" * 32_000],
    ids=["quotes", "fields", "blank-lines", "fences", "html-comments", "doubled-quotes"],
)  # fmt: skip
def test_a_comment_that_is_made_to_be_slow_ends(body):
    with bounded():
        assert len(refusal(body) or "") < 500
