"""Who × what × how it is put: exactly the permitted ones act."""

import itertools

import pytest

from ci.chatops.event import read_event
from ci.chatops.gate import Rules, answer_refusal, decide
from ci.chatops.outcome import Admitted, Refusal, Why
from schemas.chatops import Verb
from schemas.errors import GitHubError, UsageError
from tests.ci.chatops.payloads import COMMENT_ID, FIELDS, SIZE, payload
from tests.ci.chatops.world import BOT, HEAD, LATER, REPOSITORY, FakeRepository

RULES = Rules(REPOSITORY)
SHOWN = (
    "<!-- ai-provision:v1 app=github.com/octo-org/shop "
    f"sha={HEAD} at=2026-11-21T09:00:00Z comment=3 -->\n#### Sizing\n"
)


def run(world, event, rules=RULES):
    """The gate as the command runs it: decide, then tell."""
    event = read_event(event)
    outcome = decide(event, rules, world, world)
    if isinstance(outcome, Refusal):
        answer_refusal(event, outcome, world, world)
    return outcome


# login, its role by the API, type of the account, association in the event
WHO = {
    "owner": ("olga", "admin", "User", "OWNER"),
    "maintainer": ("mary", "maintain", "User", "MEMBER"),
    "writer": ("wren", "push", "User", "COLLABORATOR"),
    "private-member-who-may-write": ("priya", "push", "User", "NONE"),
    "managed-user-who-may-write": ("olga_octo", "push", "User", "CONTRIBUTOR"),
    "author-who-is-none-of-these": ("ann", None, "User", "CONTRIBUTOR"),
    "triage": ("tess", "triage", "User", "COLLABORATOR"),
    "reader": ("rob", "pull", "User", "COLLABORATOR"),
    "stranger": ("sam", None, "User", "NONE"),
    "stranger-called-a-member": ("sid", None, "User", "MEMBER"),
    "private-member-who-may-read": ("pete", "pull", "User", "MEMBER"),
    "bot": ("renovate[bot]", "push", "Bot", "CONTRIBUTOR"),
    "bot-called-a-user": ("dependabot[bot]", "push", "User", "CONTRIBUTOR"),
    "own-account": (BOT, "push", "Bot", "NONE"),
    "organization": ("octo-org", "admin", "Organization", "OWNER"),
    "name-that-github-does-not-give": ("we.ird", "push", "User", "MEMBER"),
    "mannequin": ("mona", "push", "Mannequin", "NONE"),
}
MAY = {"owner", "maintainer", "writer", "private-member-who-may-write",
       "managed-user-who-may-write"}  # fmt: skip

# changes of the event, changes of the pull request as the API has it
WHAT = {
    "open": ({}, {}),
    "draft": ({"draft": True}, {"draft": True}),
    "edited": ({"action": "edited"}, {}),
    "deleted": ({"action": "deleted"}, {}),
    "issue": ({"pull_request": False}, {}),
    "closed": ({"state": "closed"}, {"state": "closed"}),
    "locked": ({"locked": True}, {"locked": True}),
    "closed-meanwhile": ({}, {"state": "closed"}),
    "locked-meanwhile": ({}, {"locked": True}),
    "fork": ({}, {"head_repository": "ann/shop"}),
    "deleted-fork": ({}, {"head_repository": None}),
    "through-an-app": ({"app": {"id": 1, "slug": "helper"}}, {}),
}
ACTS = {"open", "draft"}
TOLD = {"closed-meanwhile", "fork", "deleted-fork"}

HOW = {
    "two-fields": SIZE,
    "options": f"/ai-provision env=staging component=api sha={HEAD[:7]}\r\n{FIELDS}",
    "fenced": f"/ai-provision\n```yaml\n{FIELDS}```\n",
    "explain": f"/ai-provision explain api\n{FIELDS}",
    "apply": f"/ai-provision apply sha={HEAD[:7]}\n{FIELDS}",
    "help": "/ai-provision help",
    "wrong": "/ai-provision frobnicate",
    "quoted": f"> /ai-provision\n{FIELDS}",
    "code": f"```\n/ai-provision\n```\n{FIELDS}",
    "second-line": f"please\n/ai-provision\n{FIELDS}",
    "another-word": f"/ai-provisioning\n{FIELDS}",
    "chatter": "Looks good to me!",
}
COMMANDS = {"two-fields", "options", "fenced", "explain", "apply"}
ADDRESSED = COMMANDS | {"help", "wrong"}


def expected(who, what, how):
    """Job, told, or silent; stated anew, and not read from the code."""
    seen = {"edited", "deleted", "issue", "closed", "locked", "through-an-app"}
    if how not in ADDRESSED or who not in MAY or what in seen:
        return "silent"
    if how in ("help", "wrong"):
        return "told"
    if what == "locked-meanwhile":
        return "taken"
    return "job" if what in ACTS else "told"


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("who", WHO)
def test_exactly_the_permitted_ones_act(who, what):
    login, role, type_, association = WHO[who]
    for how, body in HOW.items():
        changes, facts = WHAT[what]
        world = FakeRepository(**facts)
        world.roles = {login: role}
        world.say(BOT, SHOWN, id=3)
        event = payload(body, login, type=type_, association=association, **changes)
        outcome = run(world, event)
        names = [write[0] for write in world.writes]
        case = expected(who, what, how)
        if case == "silent":
            assert names == [], (how, world.writes)
        elif case == "taken":
            assert names == ["react"]
        elif case == "told":
            assert names == ["react", "edit_comment", "react"], (how, world.writes)
        assert isinstance(outcome, Admitted) == (case == "job"), how
        if case == "job":
            assert names == ["react"]
            assert (outcome.job.actor, outcome.job.head_sha) == (login, HEAD)
            assert outcome.job.fork is False


def test_no_permission_is_asked_for_chatter_and_events_that_are_excluded_anyway():
    for body, changes in (("hello", {}), (SIZE, {"action": "edited"}), (SIZE, {"type": "Bot"})):
        world = FakeRepository()
        run(world, payload(body, **changes))
        assert world.asked == []


def test_a_comment_of_a_deleted_account_is_nobodys():
    world = FakeRepository()
    event = payload()
    event["comment"]["user"] = None
    assert run(world, event) == Refusal(Why.NOT_A_PERSON)
    assert world.writes == []


def test_an_event_of_another_repository_is_not_acted_upon():
    world = FakeRepository()
    assert run(world, payload(), Rules("octo-org/other")) == Refusal(Why.OTHER_REPOSITORY)
    assert world.writes == []


def test_the_job_holds_what_was_asked_and_where():
    world = FakeRepository(draft=True)
    job = run(world, payload(HOW["options"])).job
    assert job.command.environment == "staging"
    assert job.command.component == "api"
    assert job.command.git_repo == "https://github.com/octo-org/shop"
    assert (job.pull_request, job.comment_id, job.repository_id) == (7, COMMENT_ID, 4242)
    assert (job.head_ref, job.base_ref, job.asked_at) == (
        "inventory",
        "main",
        "2026-11-21T10:30:00Z",
    )


# The latch


def test_the_same_event_twice_is_one_job():
    world = FakeRepository()
    first, second = (run(world, payload()) for _ in range(2))
    assert isinstance(first, Admitted)
    assert second == Refusal(Why.TAKEN)
    assert len(world.all_comments) == 0


def test_a_comment_that_was_removed_is_no_job():
    world = FakeRepository()
    world.fail("react", "github.not_found")
    assert run(world, payload()) == Refusal(Why.GONE)


def test_a_run_that_a_maintainer_starts_again_passes_the_latch():
    world = FakeRepository()
    run(world, payload())
    assert isinstance(run(world, payload(), Rules(REPOSITORY, run_attempt=2)), Admitted)


def test_two_comments_at_once_are_two_jobs():
    world = FakeRepository()
    jobs = [run(world, payload(comment_id=n)).job for n in (COMMENT_ID, COMMENT_ID + 1)]
    assert [job.comment_id for job in jobs] == [COMMENT_ID, COMMENT_ID + 1]


@pytest.mark.parametrize(
    "method", ["may_write", "react", "pull_request"], ids=["permission", "latch", "pull-request"]
)
def test_when_github_fails_there_is_no_job_and_the_next_attempt_succeeds(method):
    world = FakeRepository()
    world.fail(method, "github.unreachable")
    with pytest.raises(GitHubError):
        run(world, payload())
    assert {name for name, *_ in world.writes} <= {"react"}
    world.faults.clear()
    assert isinstance(run(world, payload(), Rules(REPOSITORY, run_attempt=2)), Admitted)


def test_a_vanished_repository_is_an_error_and_nothing_is_written():
    world = FakeRepository()
    world.gone()
    with pytest.raises(GitHubError) as caught:
        run(world, payload())
    assert caught.value.code == "github.not_found"
    assert world.writes == []


# The commit


def test_a_push_before_the_gate_is_seen_when_the_commit_was_named():
    world = FakeRepository()
    world.push()
    assert run(world, payload(HOW["options"])).why is Why.MOVED
    (told,) = world.own
    assert f"at {LATER[:7]} now, not at {HEAD[:7]}" in told.body


@pytest.mark.parametrize("length", [7, 12, 40], ids=["short", "middle", "whole"])
def test_the_commit_may_be_named_by_its_beginning(length):
    body = f"/ai-provision sha={HEAD[:length].upper()}\n{FIELDS}"
    assert run(FakeRepository(), payload(body)).job.head_sha == HEAD


# Forks


@pytest.mark.parametrize("head", ["ann/shop", None], ids=["fork", "deleted-fork"])
def test_forks_are_sized_where_that_is_allowed_and_never_applied(head):
    rules = Rules(REPOSITORY, forks=True)
    outcome = run(FakeRepository(head_repository=head), payload(), rules)
    assert outcome.job.fork is True
    world = FakeRepository(head_repository=head)
    world.say(BOT, SHOWN, id=3)
    assert run(world, payload(HOW["apply"]), rules).why is Why.FORK
    assert "never written to" in world.own[0].body


def test_case_does_not_make_a_fork():
    world = FakeRepository(head_repository="Octo-Org/Shop")
    assert run(world, payload()).job.fork is False


# Commands without the two fields


@pytest.mark.parametrize(
    "body", ["/ai-provision", "/ai-provision explain api", f"/ai-provision apply sha={HEAD[:8]}"]
)
def test_without_the_fields_the_last_permitted_command_is_taken(body):
    world = FakeRepository()
    world.roles |= {"olga": "admin"}
    world.say("olga", "/ai-provision env=staging component=web\n" + FIELDS.replace("shop", "old"))
    world.say("wren", f"/ai-provision env=dev\n{FIELDS}")
    world.say("sam", SIZE.replace("Inventory", "Evil"))
    world.say("wren", "/ai-provision frobnicate")
    world.say("wren", "just talking")
    world.say("wren", "/ai-provision env=prod")
    world.say("wren", f"/ai-provision explain api\n{FIELDS.replace('Inventory', 'Explained')}")
    world.say(BOT, SHOWN)
    command = run(world, payload(body)).job.command
    assert command.app_description.startswith("Inventory service")
    assert command.git_repo == "https://github.com/octo-org/shop"
    assert command.environment == "dev"
    assert set(world.asked) == {"wren", "sam"}


def test_what_is_given_now_goes_before_what_was_given_then():
    world = FakeRepository()
    world.say("wren", f"/ai-provision env=dev component=web\n{FIELDS}")
    command = run(world, payload("/ai-provision explain api env=prod")).job.command
    assert (command.component, command.environment) == ("api", "prod")
    again = run(world, payload("/ai-provision", comment_id=COMMENT_ID + 1)).job.command
    assert (again.component, again.environment, again.verb) == ("web", "dev", Verb.SIZE)


def test_who_lost_the_right_to_push_is_not_taken_up_again():
    world = FakeRepository()
    world.say("leaver", SIZE)
    outcome = run(world, payload("/ai-provision"))
    assert outcome.why is Why.NOTHING_ASKED
    assert "the two fields are missing" in world.own[0].body


@pytest.mark.parametrize("author", ["renovate[bot]", "we.ird", ""])
def test_only_people_are_asked_about(author):
    world = FakeRepository()
    world.roles[author] = "push"
    world.say(author, SIZE)
    assert run(world, payload("/ai-provision")).why is Why.NOTHING_ASKED
    assert world.asked == ["wren"]


def test_a_comment_that_came_later_is_not_what_was_asked_before():
    world = FakeRepository()
    world.say("wren", SIZE, id=COMMENT_ID + 5)
    assert run(world, payload("/ai-provision")).why is Why.NOTHING_ASKED


def test_our_own_comment_is_never_a_command_even_if_it_reads_like_one():
    world = FakeRepository()
    world.roles[BOT] = "push"
    world.say(BOT, SIZE)
    assert run(world, payload("/ai-provision")).why is Why.NOTHING_ASKED


def test_a_crowd_of_strangers_does_not_cost_a_request_each():
    world = FakeRepository()
    world.say("wren", SIZE)
    for number in range(300):
        world.say(f"sock-{number}", SIZE)
    run(world, payload("/ai-provision"))
    assert len(world.asked) <= 21 + 1


# apply


def test_apply_needs_numbers_that_are_shown_for_this_very_commit():
    world = FakeRepository()
    assert run(world, payload(HOW["apply"])).why is Why.NOT_SHOWN
    world = FakeRepository()
    world.say(BOT, SHOWN.replace(HEAD, LATER), id=3)
    assert run(world, payload(HOW["apply"])).why is Why.NOT_SHOWN


def test_a_marker_in_somebody_elses_comment_shows_nothing():
    world = FakeRepository()
    world.say("sam", SHOWN, id=3)
    assert run(world, payload(HOW["apply"])).why is Why.NOT_SHOWN


def test_apply_writes_to_no_repository_but_its_own():
    world = FakeRepository()
    world.say(BOT, SHOWN.replace("github.com/octo-org/shop", "github.com/acme/other"), id=3)
    body = HOW["apply"].replace("octo-org/shop", "acme/other")
    assert run(world, payload(body)).why is Why.OTHER_REPOSITORY
    assert "writes to this repository only" in world.own[0].body


def test_the_same_owner_and_name_on_another_host_is_another_repository():
    world = FakeRepository()
    body = HOW["apply"].replace("github.com", "gitlab.com")
    assert run(world, payload(body)).why is Why.OTHER_REPOSITORY


# What is said


def test_a_refusal_goes_on_top_and_the_numbers_stay():
    world = FakeRepository()
    world.say(BOT, SHOWN + "2 replicas\n", id=3)
    run(world, payload("/ai-provision frobnicate"))
    run(world, payload("/ai-provision env=qa", comment_id=COMMENT_ID + 1))
    (own,) = world.own
    assert own.body.startswith("<!-- ai-provision:v1 app=github.com/octo-org/shop")
    assert "frobnicate" not in own.body
    assert "'qa' is no environment" in own.body
    assert own.body.rstrip().endswith("2 replicas")


def test_help_says_every_verb():
    world = FakeRepository()
    assert run(world, payload("/ai-provision help")).why is Why.HELP
    (own,) = world.own
    for verb in ("explain", "apply", "help", "env=", "component=", "sha="):
        assert verb in own.body
    assert (COMMENT_ID, "+1") in world.reactions


HOSTILE = ["@octo-org/everyone", "![x](https://evil.example/x.png)", "```\n@all", "<img src=x>",
           "https://evil.example", "<!-- ai-provision:end -->"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_typed_comes_back_inside_a_fence_only(text):
    world = FakeRepository()
    run(world, payload(f"/ai-provision '{text}'"))
    lines = world.own[0].body.split("\n")
    open_, close = (n for n, line in enumerate(lines) if line.startswith("```"))
    outside = "\n".join(lines[:open_] + lines[close + 1 :])
    assert text.split("\n")[0] not in outside.replace("<!-- ai-provision:end -->", "", 1)


@pytest.mark.parametrize("size", [65_536, 200_000], ids=["longest", "longer-than-possible"])
def test_a_comment_of_the_greatest_length_gets_a_sentence(size):
    world = FakeRepository()
    body = SIZE.replace("Inventory", "x" * (size - len(SIZE)))
    outcome = run(world, payload(body))
    assert outcome.why is Why.COMMAND
    assert len(world.own[0].body) < 2000


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda e: e.pop("comment"), "comment"),
        (lambda e: e["comment"].update(id="x"), "comment.id"),
        (lambda e: e["comment"].update(created_at="yesterday"), "comment.created_at"),
        (lambda e: e["comment"].update(created_at="2026-11-21T10:30:00"), "comment.created_at"),
        (lambda e: e["repository"].update(full_name="../../x"), "repository.full_name"),
        (lambda e: e["issue"].update(number=0), "issue.number"),
    ],
    ids=["no-comment", "no-number", "no-time", "no-zone", "odd-name", "number-zero"],
)
def test_a_payload_of_another_shape_is_a_usage_error_that_names_the_field(change, field):
    event = payload()
    change(event)
    with pytest.raises(UsageError, match=field.replace(".", r"\.")):
        read_event(event)


def test_times_are_compared_in_one_zone():
    event = read_event(payload(at="2026-11-21T12:30:00+02:00"))
    assert event.comment.created_at == "2026-11-21T10:30:00Z"


def test_the_matrix_is_complete():
    cases = [expected(*case) for case in itertools.product(WHO, WHAT, HOW)]
    assert {name: cases.count(name) for name in set(cases)} == {
        "job": len(MAY) * len(ACTS) * len(COMMANDS),
        "told": len(MAY) * (len(ACTS | TOLD | {"locked-meanwhile"}) * 2 + len(TOLD) * 5),
        "taken": len(MAY) * len(COMMANDS),
        "silent": len(WHO) * len(WHAT) * len(HOW) - len(MAY) * 6 * 7,
    }
