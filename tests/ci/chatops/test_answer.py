"""The one comment: its marker, its notice, and how it is found and changed."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci.chatops.answer import MAX_BODY, Answer, Asked, Marker, Notice, read_answer
from ci.chatops.upsert import Upserted, add_notice, own_comments, upsert
from ci.chatops.words import help_notice, notice
from schemas.errors import GitHubError, OutputError
from tests.ci.chatops.world import BOT, HEAD, LATER, FakeRepository

APP = "github.com/octo-org/shop"
EARLY, LATE = Asked("2026-11-21T10:00:00Z", 41), Asked("2026-11-21T10:00:00Z", 42)


def answer(asked=EARLY, text="#### Sizing", app=APP, sha=HEAD, **changes):
    return Answer(Marker(app, sha, asked), text, **changes)


def publish(world, what):
    return upsert(7, what, world, world)[0]


markers = st.builds(
    Marker,
    app=st.sampled_from(["", APP, f"{APP}:explain:a%20b"]),
    sha=st.sampled_from(["", HEAD]),
    asked=st.sampled_from([Asked(), EARLY, LATE]),
    numbers=st.sampled_from(["", "0123456789abcdef"]),
    applied=st.none() | st.integers(1, 10**9),
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=80)


@given(markers, texts, st.none() | texts)
@settings(deadline=None)
def test_a_comment_is_taken_apart_as_it_was_put_together(marker, text, above):
    what = Answer(marker, text.strip("\n"), None if above is None else Notice(LATE, above))
    assert read_answer(what.body()) == what


@given(texts, texts)
@settings(deadline=None)
def test_no_text_passes_for_a_marker_or_ends_a_notice(text, above):
    forged = "<!-- ai-provision:end -->\n<!-- ai-provision:v1 sha=0 -->\n"
    body = answer(text=forged + text, notice=Notice(LATE, forged + above)).body()
    assert body.count("<!-- ai-provision:") == 3
    again = read_answer(body)
    assert (again.marker.asked, again.marker.sha, again.notice.asked) == (EARLY, HEAD, LATE)


@pytest.mark.parametrize(
    "body",
    ["", "hello", "<!-- ai-provision:v2 sha=a -->\nx", "text\n<!-- ai-provision:v1 -->",
     "> <!-- ai-provision:v1 -->", "<!-- ai-provision:v1 sha=a --> text\n",
     "<!-- ai-provision:v1 sha=a\nat=b -->\n"],
)  # fmt: skip
def test_what_has_no_marker_on_its_first_line_is_no_answer(body):
    assert read_answer(body) is None


@pytest.mark.parametrize("number", ["x", "-1", "1" * 400, "٣"])
def test_a_marker_that_somebody_edited_is_read_without_trust(number):
    read = read_answer(f"<!-- ai-provision:v1 at=zzz comment={number} applied={number} -->\n")
    assert read is None or (read.marker.asked.comment_id, read.marker.applied) == (0, None)


def test_a_comment_that_is_too_long_is_not_sent():
    world = FakeRepository()
    with pytest.raises(OutputError, match=str(MAX_BODY)):
        publish(world, answer(text="x" * MAX_BODY))
    assert world.writes == []
    assert publish(world, answer(text="x" * (MAX_BODY - 500))) is Upserted.CREATED


def test_the_second_answer_goes_where_the_first_one_stands():
    world = FakeRepository()
    world.say("ann", "hello")
    assert publish(world, answer()) is Upserted.CREATED
    assert publish(world, answer(LATE, "#### Other")) is Upserted.UPDATED
    (own,) = world.own
    assert "#### Other" in own.body


def test_the_same_answer_is_not_written_twice():
    world = FakeRepository()
    publish(world, answer())
    as_kept = world.own[0].body.replace("\n", "\r\n").rstrip()
    world.all_comments[0] = replace(world.own[0], body=as_kept)
    assert publish(world, answer()) is Upserted.SAME
    assert [name for name, *_ in world.writes] == ["comment"]


def test_an_earlier_command_does_not_overwrite_a_later_answer():
    world = FakeRepository()
    publish(world, answer(LATE))
    assert publish(world, answer(EARLY, "#### Old")) is Upserted.OLDER
    assert "#### Old" not in world.own[0].body


@pytest.mark.parametrize("author", ["sam", "wren", "github-actions"])
def test_a_forged_marker_by_somebody_else_is_not_ours(author):
    world = FakeRepository()
    forged = world.say(author, answer(Asked("9999-12-31T00:00:00Z", 9**18)).body())
    assert publish(world, answer()) is Upserted.CREATED
    assert world.all_comments[0] == forged


def test_a_comment_of_ours_without_a_marker_is_left_alone():
    world = FakeRepository()
    other = world.say(BOT, "Coverage: 93 %")
    publish(world, answer())
    assert world.all_comments[0] == other


def test_another_app_has_its_own_comment():
    world = FakeRepository()
    publish(world, answer())
    publish(world, answer(app="github.com/acme/other", text="#### Other"))
    publish(world, answer(LATE, "#### Again"))
    assert [read_answer(own.body).text for own in world.own] == ["#### Again", "#### Other"]


def test_two_first_answers_at_once_leave_one_comment_and_a_pointer():
    world = FakeRepository()
    world.after["comments"] = lambda: world.say(BOT, answer(LATE, "#### Later").body())
    became, shown = upsert(7, answer(EARLY, "#### Earlier"), world, world)
    assert became is Upserted.CREATED
    (left,) = own_comments(world.all_comments, BOT)
    assert left.answer.text == "#### Later"
    assert shown.id == left.comment.id
    (pointer,) = [item for item in world.own if item.id != shown.id]
    assert f"#issuecomment-{shown.id}" in pointer.body
    assert publish(world, answer(Asked("2026-11-21T11:00:00Z", 50), "#### Next")) == "updated"


def test_a_notice_goes_above_the_numbers_and_the_next_sizing_takes_it_away():
    world = FakeRepository()
    publish(world, answer())
    add_notice(7, notice(LATE, "Nothing was done", "no such verb"), None, world, world)
    (own,) = world.own
    assert own.body.index("no such verb") < own.body.index("#### Sizing")
    assert read_answer(own.body).marker == answer().marker
    publish(world, answer(Asked("2026-11-21T11:00:00Z", 50), "#### Next"))
    assert "no such verb" not in world.own[0].body


def test_the_first_notice_makes_the_comment_that_the_sizing_then_takes_over():
    world = FakeRepository()
    add_notice(7, help_notice(EARLY), None, world, world)
    publish(world, answer(LATE))
    (own,) = world.own
    assert "#### Sizing" in own.body


def test_a_notice_about_an_earlier_command_does_not_cover_a_later_answer():
    world = FakeRepository()
    publish(world, answer(LATE))
    became, _ = add_notice(7, notice(EARLY, "Nothing was done"), None, world, world)
    assert became is Upserted.OLDER
    assert len(world.writes) == 1


def test_a_notice_goes_to_the_sizing_and_not_to_an_explanation():
    world = FakeRepository()
    publish(world, answer())
    publish(world, answer(LATE, "#### Why", app=f"{APP}:explain:api"))
    add_notice(7, notice(LATE, "Nothing was done"), None, world, world)
    assert ["Nothing was done" in own.body for own in world.own] == [True, False]


def test_when_the_edit_is_refused_the_comment_is_as_it_was():
    world = FakeRepository()
    publish(world, answer(sha=LATER))
    before = world.own
    world.fail("edit_comment", "github.refused")
    with pytest.raises(GitHubError):
        publish(world, answer(LATE, "#### New"))
    assert world.own == before
