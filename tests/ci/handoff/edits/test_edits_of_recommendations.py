"""A whole recommendation as edits: which files, which not, and what is left by hand."""

from collections import Counter

import pytest
import yaml

from ci.handoff.edits import Edits, Placements, edits_of
from ci.handoff.edits.files import is_inside
from ci.handoff.edits.placements import ChartPlacements, Placement
from schemas.context import CurrentSizing, FoundIn
from schemas.github import FileAt
from schemas.plan import Autoscaling
from schemas.quantities import cpu_millicores

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: api # main
        image: api:1
"""
SCALING = Autoscaling(min_replicas=2, max_replicas=6, target_cpu_percent=70)


class FakeRepository:
    """Files by path; counts how often each is read."""

    def __init__(self, **texts):
        self.files = {path: text.encode() for path, text in texts.items()}
        self.reads = Counter()

    def __call__(self, path):
        self.reads[path] += 1
        content = self.files.get(path)
        return None if content is None else FileAt(path, content, "b" * 40)


def repository(**texts):
    return FakeRepository(**{"deploy/api.yaml": DEPLOYMENT, **texts})


def test_the_same_files_give_the_same_edits_and_are_read_once(build):
    recommendation = build.recommendation(build.patched("api"))
    read = repository()
    first, again = edits_of(recommendation, read), edits_of(recommendation, repository())
    assert first == again
    assert set(read.reads.values()) == {1}
    (edit,) = first.changed
    assert (edit.path, edit.components) == ("deploy/api.yaml", ("api",))
    assert edit.before == repository()("deploy/api.yaml")
    assert b"- name: api # main" in edit.after
    assert first.by_hand == ()


def test_what_was_edited_needs_no_edit_any_more(build):
    item = build.patched("api", autoscaling=SCALING)
    item = item.model_copy(update={"manifests": (build.hpa("api", SCALING),)})
    (edit,) = edits_of(build.recommendation(item), repository()).changed
    after = repository(**{"deploy/api.yaml": edit.after.decode()})
    assert edits_of(build.recommendation(item), after) == Edits()


def test_a_new_autoscaler_follows_its_workload(build):
    item = build.patched("api", autoscaling=SCALING)
    item = item.model_copy(update={"manifests": (build.hpa("api", SCALING),)})
    (edit,) = edits_of(build.recommendation(item), repository()).changed
    _, scaler = yaml.safe_load_all(edit.after)
    assert scaler == build.hpa("api", SCALING)


@pytest.mark.parametrize("home", ["deploy/hpa.yaml", "deploy/scaling/web.yaml"])
def test_an_autoscaler_beside_the_workload_is_edited_there(build, home):
    old = build.hpa("api", Autoscaling(min_replicas=1, max_replicas=3, target_cpu_percent=50))
    memory = {"type": "Resource", "resource": {"name": "memory", "target": {"type": "Value"}}}
    old["spec"]["metrics"].insert(0, memory)
    item = build.patched("api", autoscaling=SCALING)
    update = {
        "manifests": (build.hpa("api", SCALING),),
        "replaces": ("HorizontalPodAutoscaler/api",),
    }
    files = {
        home: f"# bounds\n{yaml.safe_dump(old)}",
        "deploy/kustomization.yaml": "resources: [api.yaml, scaling/web.yaml, ../x.yaml]\n",
    }
    edits = edits_of(build.recommendation(item.model_copy(update=update)), repository(**files))
    edit = next(edit for edit in edits.changed if edit.path == home)
    spec = yaml.safe_load(edit.after)["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 6)
    assert spec["metrics"][0] == memory
    assert spec["metrics"][1]["resource"]["target"]["averageUtilization"] == 70
    assert edit.after.startswith(b"# bounds\n")


def test_an_autoscaler_of_unknown_place_is_left_by_hand(build):
    item = build.patched("api", autoscaling=SCALING).model_copy(
        update={
            "manifests": (build.hpa("api", SCALING),),
            "replaces": ("HorizontalPodAutoscaler/api",),
        }
    )
    (line,) = edits_of(build.recommendation(item), repository()).by_hand
    assert line.startswith("api: HorizontalPodAutoscaler/api: the repository has it")


def test_a_number_that_an_overlay_sets_is_named(build):
    current = CurrentSizing(replicas=5, cpu_request=cpu_millicores("250m"))
    item = build.patched("api", build.target("api", kustomization="deploy"), current=current)
    edits = edits_of(build.recommendation(item), repository())
    assert len(edits.changed) == 1
    assert edits.by_hand == (
        "api: an overlay sets replicas to 5, which wins over deploy/api.yaml: change it there",
    )


PATHS = {
    "above": "../api.yaml",
    "absolute": "/etc/api.yaml",
    "workflow": ".github/workflows/api.yaml",
    "workflow in capitals": ".GitHub/workflows/api.yml",
    "git": "a/.git/config.yaml",
    "another way to write it": "deploy//api.yaml",
    "this directory": "./deploy/api.yaml",
    "windows": "deploy\\api.yaml",
    "drive": "c:/api.yaml",
    "hidden characters": "deploy/\u202eapi.yaml",
    "a script": "deploy/api.sh",
    "nothing": "",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_paths_that_must_not_be_touched_are_not_even_read(build, path):
    assert not is_inside(path)
    read = FakeRepository(**{path: DEPLOYMENT})
    edits = edits_of(build.recommendation(build.patched("api", build.target(path=path))), read)
    assert (edits.changed, edits.created) == ((), ())
    assert len(edits.by_hand) == 1
    assert not read.reads


UNREADABLE = {
    "absent": (None, "no such file"),
    "too large": (DEPLOYMENT.encode() + b"#" * (1 << 20), "larger than 1 MiB"),
    "not UTF-8": (b"\xff" + DEPLOYMENT.encode(), "not UTF-8"),
    "a bomb": (
        b"a: &a [x, x]\n"
        + b"".join(b"%c: &%c [*%c, *%c, *%c, *%c]\n" % (c, c, *[c - 1] * 4) for c in range(98, 120))
        + DEPLOYMENT.encode(),
        "plain YAML",
    ),
    "another object": (DEPLOYMENT.replace("name: api\nspec", "name: web\nspec").encode(), "not in"),
}


@pytest.mark.parametrize(("content", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_edited_is_left_by_hand(build, content, reason):
    read = repository()
    read.files["deploy/api.yaml"] = content
    edits = edits_of(build.recommendation(build.patched("api")), read)
    assert edits.changed == ()
    (line,) = edits.by_hand
    assert reason in line
    assert "\n" not in line


def test_a_byte_order_mark_stays(build):
    read = repository()
    read.files["deploy/api.yaml"] = b"\xef\xbb\xbf" + DEPLOYMENT.encode()
    (edit,) = edits_of(build.recommendation(build.patched("api")), read).changed
    assert edit.after.startswith(b"\xef\xbb\xbfapiVersion")


def test_components_without_a_manifest_get_one_and_a_kustomization(build):
    item = build.component("worker", target=None)
    item = item.model_copy(update={"manifests": (build.sized_manifest(item),)})
    made = build.component("chart", target=None, found_in=(FoundIn.CHART,))
    edits = edits_of(build.recommendation(item, made), repository())
    assert [edit.path for edit in edits.created] == [
        "deploy/ai-provision/kustomization.yaml",
        "deploy/ai-provision/worker.yaml",
    ]
    assert all(edit.before == FileAt(edit.path, b"", "") for edit in edits.created)
    assert yaml.safe_load(edits.created[0].after)["resources"] == ["worker.yaml"]
    assert yaml.safe_load(edits.created[1].after) == build.sized_manifest(item)
    assert [line.partition(":")[0] for line in edits.by_hand] == ["chart"]


def test_a_file_of_somebody_else_is_not_replaced_by_a_new_one(build):
    item = build.component("worker", target=None)
    item = item.model_copy(update={"manifests": (build.sized_manifest(item),)})
    edits = edits_of(
        build.recommendation(item), repository(**{"deploy/ai-provision/worker.yaml": "a: 1\n"})
    )
    assert edits.created == ()
    assert edits.by_hand == ("worker: deploy/ai-provision/worker.yaml is there already",)


VALUES = """\
# Size of the web tier
replicaCount: 1
web:
  image: web:1
  resources: {}   # unset
  limits: {cpu: 1}
"""


def chart_of(build, **texts):
    target = build.target("api", chart="charts/web", path="templates/web.yaml")
    item = build.patched("api", target)
    fields = {
        ("replicas",): ("replicaCount",),
        ("api", "requests", "cpu"): ("web", "resources", "requests", "cpu"),
        ("api", "limits", "cpu"): ("web", "limits", "cpu"),
    }
    placed = tuple(
        Placement(component="api", field=field, path=path) for field, path in fields.items()
    )
    chart = ChartPlacements(chart="charts/web", placed=placed, remarks=("api: storage: by you",))
    read = FakeRepository(**{f"charts/web/{name}": text for name, text in texts.items()})
    return edits_of(build.recommendation(item), read, Placements(charts=(chart,)))


def test_a_charts_numbers_go_into_its_values_file(build):
    edits = chart_of(build, **{"values.yaml": VALUES})
    (edit,) = edits.changed
    assert edit.after.decode() == VALUES.replace("replicaCount: 1", "replicaCount: 3").replace(
        "resources: {}   # unset", "resources:   # unset\n    requests:\n      cpu: 250m"
    ).replace("{cpu: 1}", "{cpu: 500m}")
    assert edits.by_hand == ("api: storage: by you (chart charts/web)",)


def test_what_the_environment_sets_itself_is_changed_there(build):
    edits = chart_of(
        build, **{"values.yaml": VALUES, "values-prod.yaml": "replicaCount: 2\nother: 1\n"}
    )
    own, special = sorted(edits.changed, key=lambda edit: len(edit.path))
    assert b"replicaCount: 1\n" in own.after
    assert special.after == b"replicaCount: 3\nother: 1\n"


@pytest.mark.parametrize(
    ("values", "reason"),
    [(None, "there is no"), ("# none\n", "no values yet"), ("web: 1\n", "leads through a value")],
    ids=["no file", "no values", "a value in the way"],
)
def test_values_that_cannot_be_placed_are_left_by_hand(build, values, reason):
    edits = chart_of(build, **({} if values is None else {"values.yaml": values}))
    assert edits.changed == ()
    assert any(reason in line for line in edits.by_hand)


def test_a_chart_that_was_not_rendered_is_left_by_hand(build):
    item = build.patched("api", build.target("api", chart="charts/web"))
    read = FakeRepository(**{"charts/web/values.yaml": VALUES})
    edits = edits_of(build.recommendation(item), read)
    assert not edits.changed
    assert "is not known here" in edits.by_hand[0]


def test_what_values_are_not_asked_for_is_left_by_hand(build):
    item = build.patched("api", build.target("api", chart="charts/web"))
    patch = {**item.patch, "spec": {**item.patch["spec"], "strategy": {"type": "Recreate"}}}
    budget = {"kind": "PodDisruptionBudget", "metadata": {"name": "api"}}
    item = item.model_copy(update={"patch": patch, "manifests": (budget,)})
    known = Placements(charts=(ChartPlacements(chart="charts/web"),))
    lines = edits_of(build.recommendation(item), FakeRepository(), known).by_hand
    assert [line.split()[1].strip(":") for line in lines] == ["PodDisruptionBudget", "strategy"]


def test_placements_survive_their_own_json():
    found = Placements(
        charts=(
            ChartPlacements(
                chart="c", placed=(Placement(component="a", field=("replicas",), path=("n",)),)
            ),
        )
    )
    assert Placements.model_validate_json(found.model_dump_json()) == found


def test_nothing_of_a_hostile_recommendation_leaves_its_line(hostile):
    edits = edits_of(hostile, FakeRepository())
    assert edits.changed == ()
    assert edits.by_hand
    assert all(line.isprintable() for line in edits.by_hand)
