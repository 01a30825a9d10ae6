"""What the comment says, in which order, and what it leaves to be unfolded."""

from dataclasses import replace

import pytest

from ci.handoff.comment.about import CommentAbout, PatchFile
from ci.handoff.comment.patches import patch_files
from ci.handoff.comment.render import (
    render_comment,
    render_explanation,
)
from ci.handoff.edits import Edits, FileEdit
from schemas.errors import UsageError
from schemas.github import FileAt
from schemas.recommendation import Finding, Severity
from tests.ci.handoff.comment.cases import ABOUT, SHA, many, measured, settled, usage
from tests.ci.handoff.comment.judge import (
    cmark_html,
    refuse_unsafe,
    text_of,
    tree,
    visible_lines,
)


def seen(comment):
    """Lines of the visible part."""
    return comment.text.partition("<details>")[0].splitlines()


def folds(comment):
    """The folded parts by their titles."""
    page = tree(cmark_html(comment.text))
    return {text_of(one[0]): text_of(one) for one in page.findall("details")}


def rows(comment, index=0):
    """Cells of a table."""
    table = list(tree(cmark_html(comment.text)).iter("table"))[index]
    return [[text_of(cell) for cell in row] for row in table.iter("tr")]


class TestSummary:
    def test_one_changed_component_is_told_number_by_number(self, build):
        comment = render_comment(measured(build), ABOUT)
        assert comment.text.startswith("### `web`: ")
        title = seen(comment)[0]
        assert "replicas 2 → 3" in title
        assert "memory req / limit 256Mi / 256Mi → 512Mi / 1Gi" in title
        assert title.endswith("· +11.40 USD/month (+38 %)")

    def test_several_are_named_and_many_are_counted(self, build, shop):
        assert seen(render_comment(many(build, 3), ABOUT))[0].startswith(
            "### Set resources of `svc-01` and `svc-02`, add manifests for `svc-00`"
        )
        title = seen(render_comment(many(build, 30), ABOUT))[0]
        assert title.startswith("### Set resources of 16 workloads, add manifests for 10 workloads")

    def test_nothing_to_change_is_said(self, build):
        comment = render_comment(settled(build), ABOUT)
        assert seen(comment)[0].startswith("### No change: `api` and `web` fit as they are")
        assert "apply sha" not in comment.text

    def test_nothing_sized_is_said(self, build, shop):
        comment = render_comment(build.recommendation(failed=shop.failed), ABOUT)
        assert seen(comment)[0].startswith("### No component could be sized")
        assert "❌ `legacy` was not sized: no runtime is known" in comment.text
        assert "| component |" not in seen(comment)

    @pytest.mark.parametrize(
        ("confidence", "word"),
        [(0.2, "low (0.20)"), (0.5, "medium (0.50)"), (0.75, "high (0.75)")],
    )
    def test_measured_or_estimated_and_how_sure(self, build, confidence, word):
        item = build.patched("api", confidence=confidence)
        text = render_comment(build.recommendation(item), ABOUT).text
        assert "**Estimated, not measured:** no usage history" in text
        assert f"confidence {word}" in text
        assert "**Measured** on the running workloads, 14.0 days" in (
            render_comment(measured(build), ABOUT).text
        )

    def test_a_mixed_result_says_how_many_are_measured(self, build):
        items = (measured(build).components[0], build.component("api", confidence=0.3))
        text = render_comment(build.recommendation(*items), ABOUT).text
        assert "**Measured** for 1 of 2 components, 14.0 days, the others **estimated**" in text
        assert "confidence low to high (0.30 to 0.83)" in text

    def test_an_outdated_result_says_so_first_and_is_not_offered_for_applying(self, build):
        about = replace(ABOUT, stale_head="b" * 40)
        comment = render_comment(measured(build), about)
        assert seen(comment)[2].startswith("⚠️ **Outdated:** the pull request is at `bbbbbbbbbbbb`")
        assert "apply sha" not in comment.text


class TestTable:
    def test_now_proposed_and_evidence_in_words(self, build):
        table = rows(render_comment(measured(build), ABOUT))
        assert table[0] == ["component", "number", "now", "proposed", "evidence"]
        assert table[1] == [
            "web", "replicas", "2", "3", "3 pods carry the peak, and one may be gone. (measured)",
        ]  # fmt: skip
        assert table[2][2:4] == ["100m / 200m", "250m / 500m"]
        assert table[2][4] == "Measured over 14.0 days: p95 270m, peak 300m, throttled 2 %"
        assert table[3][2:4] == ["256Mi / 256Mi", "512Mi / 1Gi"]
        assert table[3][4].startswith("Measured over 14.0 days: peak 400Mi, 1 OOM kill")

    def test_numbers_are_right_aligned(self, build):
        table = next(
            iter(tree(cmark_html(render_comment(measured(build), ABOUT).text)).iter("table"))
        )
        for row in table.iter("tr"):
            assert [cell.get("align") for cell in row] == ["left", "left", "right", "right", "left"]

    def test_a_number_that_a_rule_took_back_from_the_model_is_marked(self, build):
        table = rows(render_comment(measured(build), ABOUT))
        assert table[3][4].endswith("⚖️ a rule overrode the model")
        assert "overrode" not in table[2][4]

    def test_what_an_estimate_rests_on_is_its_weakest_link(self, build):
        table = rows(render_comment(build.recommendation(build.component("api")), ABOUT))
        assert table[3][4] == "One process holds 64Mi. (stated)"
        assert table[1][:4] == ["api (new)", "replicas", "–", "3"]

    def test_a_workload_that_runs_without_a_manifest_is_not_called_new(self, build):
        item = build.component("db", usage=usage("db"))
        assert rows(render_comment(build.recommendation(item), ABOUT))[1][0] == "db (no manifest)"

    def test_unchanged_components_are_summed_up(self, build):
        comment = render_comment(many(build, 30), ABOUT)
        assert len(rows(comment)) == 13
        (more,) = [line for line in seen(comment) if line.startswith("… and")]
        assert more == "… and 14 more, under “All numbers”."
        (same,) = [line for line in seen(comment) if line.startswith("Unchanged")]
        assert same.count("`") == 8
        assert "`All numbers" not in same
        assert len(rows(comment, 1)) == 31

    @pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9, 12, 13, 30])
    def test_however_many_components_there_are_forty_lines_are_seen(self, build, count):
        comment = render_comment(many(build, count), replace(ABOUT, stale_head="b" * 40))
        assert visible_lines(comment.text) <= 40
        comment = render_comment(many(build, count), ABOUT)
        assert visible_lines(comment.text) <= 40

    def test_blocked_components_come_first(self, build):
        names = [f"svc-{index:02d}" for index in range(20)]
        finding = Finding(
            id="A13", severity=Severity.BLOCK, passed=False, message="no", component="svc-17"
        )
        result = build.recommendation(*(build.patched(name) for name in names), findings=(finding,))
        assert rows(render_comment(result, ABOUT))[1][0] == "svc-17"


class TestChecks:
    def test_failures_come_first_the_worst_at_the_top(self, shop):
        lines = seen(render_comment(shop, ABOUT))
        at = next(index for index, text in enumerate(lines) if text.startswith("**Checks:**"))
        assert lines[at] == "**Checks:** ❌ 1 blocking · ℹ️ 1 remark · 🔧 1 repaired · ✅ 17 passed"
        assert lines[at + 1].startswith("- ❌ **A13** `postgres`: one replica cannot give zero")
        assert "Found: 1 replica, bound 2 replicas. At `spec.replicas`." in lines[at + 1]
        assert lines[at + 2].startswith("- ℹ️ **R03**")

    def test_a_blocked_result_is_not_offered_for_applying(self, shop):
        text = render_comment(shop, ABOUT).text
        assert "**not fit to be applied**" in text
        assert "mend what blocks" in text
        assert "apply sha" not in text

    def test_what_was_not_checked_is_said_with_its_reason(self, shop):
        text = render_comment(shop, ABOUT).text
        assert "**Not checked** (1): no cluster is known (1 check)." in text
        assert "no cluster is known: L02" in folds(render_comment(shop, ABOUT))["All checks"]


class TestCost:
    def test_a_known_change_is_told_first_with_unit_and_source(self, build):
        (line,) = [x for x in seen(render_comment(measured(build), ABOUT)) if "**Cost:**" in x]
        assert line == (
            "**Cost:** +11.40 USD/month (+38 %): 41.40 USD per month of 730 hours. "
            "Prices: `opencost-default`."
        )

    def test_an_unknown_change_is_said(self, shop):
        cost = shop.cost.model_copy(update={"monthly_delta": None})
        text = render_comment(shop.model_copy(update={"cost": cost}), ABOUT).text
        assert "61.25 USD per month of 730 hours, 120.50 with every autoscaler" in text
        assert "The change is unknown: today's manifests set no requests" in text

    def test_no_prices_are_said(self, shop):
        cost = shop.cost.model_copy(
            update={"monthly": None, "monthly_delta": None, "unknown": "no price list is set"}
        )
        text = render_comment(shop.model_copy(update={"cost": cost}), ABOUT).text
        assert "**Cost:** unknown. no price list is set" in text


class TestFolds:
    def test_why_patch_checks_cost_log_and_next_commands(self, shop):
        assert list(folds(render_comment(shop, ABOUT))) == [
            "Why: number by number", "Patch", "All checks", "Cost by component", "Refinement log",
            "Next commands",
        ]  # fmt: skip

    def test_the_edits_of_the_files_replace_the_patches(self, build):
        diff = "--- a/web.yaml\n+++ b/web.yaml\n@@ -1 +1 @@\n-replicas: 2\n+replicas: 3\n"
        about = replace(ABOUT, edits=(PatchFile("deploy/web.yaml", diff, "Comments are kept."),))
        comment = render_comment(measured(build), about)
        shown = folds(comment)
        assert "Patch: 1 file" in shown
        assert "```diff\n--- a/web.yaml\n+++ b/web.yaml" in comment.text
        assert "`deploy/web.yaml`: Comments are kept." in comment.text
        assert "strategic-merge" not in comment.text

    def test_edits_of_files_become_a_diff_for_each(self, build):
        before = b"spec:\n  replicas: 2\n"
        changed = FileEdit(
            "web.yaml", FileAt("web.yaml", before, "1" * 40), b"spec: {}\n", ("web",)
        )
        created = FileEdit("new.yaml", FileAt("new.yaml", b"", ""), b"a: \xff", ("web",))
        listed = patch_files(Edits(changed=(changed,), created=(created,)))
        assert [(part.path, part.note) for part in listed] == [
            ("web.yaml", ""),
            ("new.yaml", "a new file"),
        ]
        assert "-  replicas: 2\n+spec: {}\n" in listed[0].diff
        assert "+a: \ufffd\n" in listed[1].diff

    def test_what_cannot_be_written_is_said_beside_the_patch(self, build):
        about = replace(ABOUT, by_hand=("web: its chart has no value for CPU",))
        shown = folds(render_comment(measured(build), about))
        assert "To be done by hand web: its chart has no value for CPU" in shown["Patch: 0 files"]

    def test_without_edits_the_patch_itself_is_a_diff(self, build):
        comment = render_comment(measured(build), ABOUT)
        assert "`deploy/web.yaml`, strategic-merge patch of `Deployment/web`" in comment.text
        assert "\n+ kind: Deployment\n" in comment.text

    def test_a_model_s_wish_and_words_are_marked_as_such(self, build):
        why = folds(render_comment(measured(build), ABOUT))["Why: number by number"]
        assert "in a language model's words; every number in them was checked" in why
        assert "memory limit 1Gi → 4Gi (refused, so 1Gi stands): It would be safer." in why

    def test_the_address_of_the_metrics_server_is_not_published(self, build):
        for comment in (
            render_comment(measured(build), ABOUT),
            render_explanation(measured(build), ABOUT, "web"),
        ):
            assert "prometheus.internal" not in comment.text + comment.full_text

    def test_commands_can_be_copied_and_name_the_commit(self, build):
        text = render_comment(measured(build), ABOUT).text
        assert f"```text\n/ai-provision apply sha={SHA[:12]}\n```" in text
        assert "```text\n/ai-provision explain web\n```" in text

    def test_a_fork_gets_no_apply(self, build):
        assert (
            "apply sha" not in render_comment(measured(build), replace(ABOUT, can_apply=False)).text
        )

    def test_a_strange_name_is_not_put_into_a_command(self, build):
        item = build.patched("api && rm -rf /")
        text = render_comment(build.recommendation(item), ABOUT).text
        assert "/ai-provision explain COMPONENT" in text
        assert "explain api" not in text


class TestOneComponent:
    def test_only_it_is_shown(self, shop):
        comment = render_comment(shop, replace(ABOUT, component="web"))
        table = rows(comment)
        assert {row[0] for row in table[1:]} == {"web", ""}
        assert "A13" not in comment.text
        assert f"apply sha={SHA[:12]} component=web" in comment.text

    @pytest.mark.parametrize("render", [render_comment, render_explanation])
    def test_one_that_is_not_there_is_refused_with_those_that_are(self, shop, render):
        more = ("nope",) if render is render_explanation else ()
        with pytest.raises(UsageError, match="there is no component 'nope'") as caught:
            render(shop, replace(ABOUT, component="nope"), *more)
        assert "postgres" in caught.value.hint

    def test_its_explanation_is_a_comment_of_its_own(self, build):
        comment = render_explanation(measured(build), ABOUT, "web")
        assert "### Why `web` is sized like this" in comment.text
        assert "<details open><summary>Number by number" in comment.text
        assert list(folds(comment)) == [
            "Number by number", "Evidence (1)", "Patch",
        ]  # fmt: skip

    def test_a_failed_one_is_explained_by_its_failure(self, shop):
        comment = render_explanation(shop, ABOUT, "legacy")
        assert "### Why `legacy` has no numbers" in comment.text
        assert "no runtime is known" in comment.text


class TestOthers:
    @pytest.mark.parametrize(
        "address",
        [
            "javascript:alert(1)",
            "https://a.b/)![x](https://c.d",
            "https://a.b/ c",
            "//a.b",
            "x" * 500,
        ],
    )
    def test_an_address_of_another_form_is_not_linked(self, build, address):
        comment = render_comment(measured(build), replace(ABOUT, run_url=address))
        refuse_unsafe(comment.text)
        assert address not in comment.text


def test_all_of_a_comment_is_frozen():
    with pytest.raises(AttributeError):
        ABOUT.head_sha = "other"
    assert isinstance(ABOUT, CommentAbout)
