import unicodedata

import pytest

from ci.handoff.explain import explain
from schemas.errors import UsageError


def test_each_number_stands_with_its_interval_steps_and_evidence(shop):
    text = explain(shop, "api")
    cpu, memory = text.index("\nCPU\n"), text.index("\nMemory\n")
    assert cpu < text.index("request    250m       defensible: 125m to 500m") < memory
    assert cpu < text.index("3. 250m carry 700 rps.") < memory
    assert memory < text.index("request    512Mi      defensible: 256Mi to 1Gi")
    assert memory < text.index("- [stated] api/Dockerfile:12: The image starts one Go process.")


def test_evidence_that_is_cited_but_absent_is_said(shop):
    assert "constant:lost: cited, but not among the evidence" in explain(shop, "api")


def test_every_step_of_the_reasoning_is_told_once(shop):
    text = explain(shop, "api")
    for step in shop.components[0].reasoning:
        assert text.count(f"{step.number}. {step.text}") == 1
    assert "\nLicences\n" in text


def test_a_limit_that_is_not_set_says_so(shop):
    assert "limit      not set" in explain(shop, "postgres")


def test_findings_repairs_and_trace_are_told(shop):
    api = explain(shop, "api")
    assert "[repaired] P01: every container has a memory limit" in api
    assert "repair set: resources.limits.memory: not set -> 1Gi" in api
    assert "rule from kube-linter unset-memory-requirements" in api
    assert "Refinement: 1 cycle, ended with nothing_blocks" in api
    assert "thought: The limit is missing." in api
    assert "observation: P01 passes now." in api
    postgres = explain(shop, "postgres")
    assert "[block] A13" in postgres
    assert "found 1 replica; bound 2 replicas; at spec.replicas" in postgres
    assert "P01" not in postgres


def test_scaling_storage_and_environment_are_told_where_they_exist(build):
    item = build.component(
        "db",
        storage=20 << 30,
        runtime_env={"GOMEMLIMIT": "460MiB"},
        autoscaling={"min_replicas": 3, "max_replicas": 9, "target_cpu_percent": 65},
        reasoning=tuple(
            {"number": n, "about": about, "text": f"about {about}"}
            for n, about in enumerate(("storage", "runtime", "autoscaling"), start=1)
        ),
    )
    text = explain(build.recommendation(item))
    assert "volume     20Gi" in text
    assert "GOMEMLIMIT=460MiB" in text
    assert "replicas   3 to 9 at 65 % CPU" in text


def test_all_components_and_failures_are_told_without_a_name(shop):
    text = explain(shop)
    for item in shop.components:
        assert f"\n{item.name}\n===" in "\n" + text
    assert "not sized (pipa): no runtime is known" in text
    assert explain(shop, "legacy").startswith("legacy\n======\nnot sized")


def test_one_component_alone(shop):
    assert "postgres" not in explain(shop, "api")


def test_an_unknown_component_lists_the_names(shop):
    with pytest.raises(UsageError) as caught:
        explain(shop, "ap\x1bi")
    assert caught.value.exit_code == 2
    assert caught.value.hint == ("Components: api, web, postgres, report, proxied, worker, legacy.")
    assert "\x1b" not in caught.value.message


def test_hostile_text_is_harmless(hostile):
    text = explain(hostile)
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not [c for c in text if c != "\n" and unicodedata.category(c) in bad]
