# ruff: noqa: E501 - triggers are shown as they are written
"""The two-field trigger: every dressing is accepted, every mistake is named with its line."""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dca.trigger import MAX_TEXT_BYTES, parse_trigger
from dca.trigger_fields import make_trigger
from schemas.errors import TriggerError
from schemas.trigger import MAX_DESCRIPTION_CHARACTERS, Environment, Trigger

WRONG = yaml.safe_load((Path(__file__).parent / "cases/triggers_wrong.yaml").read_text("utf-8"))
URL = "https://github.com/acme/shop"
TEXT = "Inventory service: 2000 QPS peak, strong consistency, C# API (issue #12)"
PLAIN = Trigger(git_repo=URL, app_description=TEXT)


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case["name"])
def test_a_wrong_trigger_is_an_error_with_its_line(case):
    with pytest.raises(TriggerError) as caught:
        parse_trigger(case["text"])
    assert caught.value.code == f"trigger.{case['code']}"
    assert caught.value.message.startswith(f"line {case['line']}:")
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_the_hint_shows_the_right_form():
    with pytest.raises(TriggerError) as caught:
        parse_trigger("git_repo: https://a.example/b")
    shown = caught.value.hint.partition("\n")[2]
    assert parse_trigger(shown).git_repo == "https://github.com/yourorg/your-repo"


DRESSINGS = {
    "plain": f"git_repo: {URL}\napp_description: {TEXT}",
    "double quotes": f'git_repo: "{URL}"\napp_description: "{TEXT}"',
    "single quotes": f"git_repo: '{URL}'\napp_description: '{TEXT}'",
    "smart quotes": f"git_repo: “{URL}”\napp_description: “{TEXT}”",
    "single smart quotes": f"git_repo: ‘{URL}’\napp_description: ‘{TEXT}’",
    "low smart quotes": f"git_repo: „{URL}“\napp_description: „{TEXT}“",
    "guillemets": f"git_repo: «{URL}»\napp_description: «{TEXT}»",
    "mixed quotes": f'git_repo: “{URL}"\napp_description: "{TEXT}"',
    "command": f"/ai-provision\ngit_repo: {URL}\napp_description: {TEXT}",
    "text above": f"Hi all,\nplease: look.\n\n/ai-provision\ngit_repo: {URL}\napp_description: {TEXT}",
    "blank lines": f"\n\n/ai-provision\n\n\ngit_repo: {URL}\n\napp_description: {TEXT}\n\n\n",
    "CRLF": f"/ai-provision\r\ngit_repo: {URL}\r\napp_description: {TEXT}\r\n",
    "old Mac line ends": f"git_repo: {URL}\rapp_description: {TEXT}\r",
    "BOM": f"\ufeffgit_repo: {URL}\napp_description: {TEXT}",
    "no-break spaces": f"git_repo:\u00a0{URL}\u00a0\napp_description:\u00a0{TEXT}",
    "zero-width spaces": f"\u200bgit_repo: {URL}\u200b\n\u200bapp_description: {TEXT}",
    "fence": f"```yaml\ngit_repo: {URL}\napp_description: {TEXT}\n```",
    "tilde fence": f"~~~\ngit_repo: {URL}\napp_description: {TEXT}\n~~~\nthanks",
    "indented fence": f"/ai-provision\n  ```yaml\n  git_repo: {URL}\n  app_description: {TEXT}\n  ```",
    "command in the fence": f"```\n/ai-provision\ngit_repo: {URL}\napp_description: {TEXT}\n```\nBye!",
    "a fence for each": f"```\ngit_repo: {URL}\n```\n```\napp_description: {TEXT}\n```",
    "indented": f"    git_repo: {URL}\n    app_description: {TEXT}",
    "comments": f"# top\ngit_repo: {URL}  # the repo\n# between\napp_description: {TEXT} # the text",
    "comments after quotes": f'git_repo: "{URL}" # one\napp_description: "{TEXT}" # two: "x',
    "HTML comments": f"<!-- hidden\n -->git_repo: {URL}\napp_description: {TEXT}<!-- a -->",
    "bullets": f"- git_repo: {URL}\n- app_description: {TEXT}",
    "stars": f"* git_repo: {URL}\n* app_description: {TEXT}",
    "numbers": f"1. git_repo: {URL}\n2. app_description: {TEXT}",
    "bold": f"**git_repo**: {URL}\n**app_description**: {TEXT}",
    "bold with colon": f"**git_repo:** {URL}\n**app_description:** {TEXT}",
    "code names": f"`git_repo`: {URL}\n`app_description`: {TEXT}",
    "quoted names": f'"git_repo": "{URL}"\n"app_description": "{TEXT}"',
    "code value": f"git_repo: `{URL}`\napp_description: {TEXT}",
    "autolink": f"git_repo: <{URL}>\napp_description: {TEXT}",
    "link": f"git_repo: [shop]({URL})\napp_description: {TEXT}",
    "link that shows itself": f"git_repo: [{URL}]({URL})\napp_description: {TEXT}",
    "folded": f"git_repo: {URL}\napp_description: >\n  {TEXT[:23]}\n  {TEXT[24:]}\n",
    "folded, stripped": f"git_repo: {URL}\napp_description: >-\n    {TEXT[:23]}\n    {TEXT[24:]}",
    "literal": f"git_repo: {URL}\napp_description: |\n  {TEXT}\n",
    "block for the URL": f"git_repo: >-\n  {URL}\napp_description: |-  # text\n  {TEXT}\n",
    "tabs in a block": f"git_repo: {URL}\napp_description: |\n\t{TEXT}\n",
    "value on the next line": f"git_repo:\n  {URL}\napp_description:\n  {TEXT}",
    "several lines": f"git_repo: {URL}\napp_description: {TEXT[:23]}\n  {TEXT[24:]}",
    "several lines, not indented": f"git_repo: {URL}\napp_description: {TEXT[:23]}\n{TEXT[24:]}",
    "several quoted lines": f'git_repo: {URL}\napp_description: "{TEXT[:23]}\n  {TEXT[24:]}"',
    "document marks": f"---\ngit_repo: {URL}\napp_description: {TEXT}\n...\n",
    "spaces around": f"  git_repo :   {URL}  \n  app_description :   {TEXT}   ",
    "full-width colon": f"git_repo： {URL}\napp_description： {TEXT}",
}  # fmt: skip


@pytest.mark.parametrize("text", DRESSINGS.values(), ids=DRESSINGS)
def test_what_people_paste_is_the_same_trigger(text):
    assert parse_trigger(text) == PLAIN


@pytest.mark.parametrize("environment", list(Environment))
def test_the_command_takes_an_environment(environment):
    text = f"/AI-Provision  env={environment}\ngit_repo: {URL}\napp_description: x"
    assert parse_trigger(text).environment is environment


def test_the_default_environment_is_production():
    assert PLAIN.environment is Environment.PROD


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('He said "fast" and "cheap"', 'He said "fast" and "cheap"'),
        ('"Fast" API with 200 rps', '"Fast" API with 200 rps'),
        ('"He said "fast" today"', 'He said "fast" today'),
        ('"a \\"quoted\\" word"', 'a "quoted" word'),
        ("'it''s fine'", "it's fine"),
        ("it's fine, isn't it", "it's fine, isn't it"),
        ("a: b, c: d", "a: b, c: d"),
        ("see https://x.example/y: done", "see https://x.example/y: done"),
        ("[a, b] {c: d} & *e !f %g @h", "[a, b] {c: d} & *e !f %g @h"),
        ("C# and F#", "C# and F#"),
        ("the #1 shop", "the #1 shop"),
        ("yes", "yes"),
        ("2024-01-01", "2024-01-01"),
        ("> 2k rps", "> 2k rps"),
        ("|a|b|", "|a|b|"),
        ("100 % up # really", "100 % up"),
    ],
)
def test_a_value_is_what_was_meant(written, read):
    text = f"git_repo: {URL}\napp_description: {written}"
    assert parse_trigger(text).app_description == read


def test_paragraphs_of_a_block_stay_apart():
    text = f"git_repo: {URL}\napp_description: >\n  one\n  two\n\n  three\n    four\n"
    assert parse_trigger(text).app_description == "one two\nthree four"


def test_a_list_is_kept_as_text():
    text = f"git_repo: {URL}\napp_description:\n  - Go API\n  - Redis\n"
    assert parse_trigger(text).app_description == "- Go API - Redis"


def test_a_misspelt_name_is_guessed():
    with pytest.raises(TriggerError, match="did you mean app_description"):
        parse_trigger(f"git_repo: {URL}\ndescription: x")


def test_the_size_is_limited():
    with pytest.raises(TriggerError) as caught:
        parse_trigger(f"git_repo: {URL}\napp_description: " + "é" * MAX_TEXT_BYTES)
    assert caught.value.code == "trigger.too_long"
    with pytest.raises(TriggerError) as caught:
        parse_trigger(f"git_repo: {URL}\napp_description: " + "x" * 20_001)
    assert caught.value.code == "trigger.too_long"


@pytest.mark.parametrize(
    "text", ["git_repo: " * 6000, "[" * 60000, "<!--" * 15000, "- " * 30000, "a" + "\n#" * 30000,
             "git_repo: \"" + "\n" * 60000, "app_description: '" + "' " * 30000, "`" * 60000]
)  # fmt: skip
def test_long_hostile_text_is_refused_quickly(text):
    with pytest.raises(TriggerError):
        parse_trigger(text)


@pytest.mark.parametrize(
    ("repo", "text", "code"),
    [
        ("", "x", "empty_field"),
        ("  ", "x", "empty_field"),
        (URL, " \n ", "empty_field"),
        (URL + "\x1b", "x", "character"),
        (URL, "x\u202e", "character"),
        (URL, "x\ud800", "character"),
        ("h" * 2049, "x", "too_long"),
        (URL, "x" * (MAX_DESCRIPTION_CHARACTERS + 1), "too_long"),
    ],
)
def test_values_of_flags_are_checked_alike(repo, text, code):
    with pytest.raises(TriggerError) as caught:
        make_trigger(repo, text, Environment.DEV)
    assert caught.value.code == f"trigger.{code}"


def test_values_of_flags_are_kept():
    made = make_trigger(" . ", "Go API\r\nwith\u00a0Redis ", Environment.DEV)
    assert made == Trigger(
        git_repo=".", app_description="Go API\nwith Redis", environment=Environment.DEV
    )


PIECES = st.sampled_from(
    ["git_repo", "app_description", ":", " ", "\n", '"', "'", "“", "```", "/ai-provision", "env=",
     "- ", "#", ">-", "|", "<!--", "-->", "https://a.example/b", "x", "\r\n", "**", "{", "[", "---"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text_is_a_trigger_or_a_trigger_error(text):
    with suppress(TriggerError):
        assert parse_trigger(text).git_repo


WORDS = (
    st.lists(
        st.from_regex(r"[A-Za-z0-9(%.,/+-][A-Za-z0-9,.%/+:#-]{0,11}", fullmatch=True),
        min_size=2,
        max_size=12,
    )
    .filter(lambda words: words[0][0] not in "-+/." and "(" not in words[0])
    .map(" ".join)
)


@settings(max_examples=150, deadline=None)
@given(
    description=WORDS,
    quote=st.sampled_from(['""', "''", "“”", "«»", "  "]),
    newline=st.sampled_from(["\n", "\r\n"]),
    bullet=st.sampled_from(["", "- ", "* "]),
    fence=st.booleans(),
    above=st.sampled_from(["", "/ai-provision\n", "Hello there\n\n/ai-provision env=prod\n"]),
)  # fmt: skip
def test_every_dressing_reads_the_same(description, quote, newline, bullet, fence, above):
    fields = (
        f"{bullet}git_repo: {quote[0]}{URL}{quote[1]}\n"
        f"{bullet}app_description: {quote[0]}{description}{quote[1]}"
    )
    text = above + (f"```yaml\n{fields}\n```" if fence else fields)
    read = parse_trigger(text.replace("\n", newline))
    assert read == Trigger(git_repo=URL, app_description=description)
