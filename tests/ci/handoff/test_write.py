import json
import re

import pytest
import yaml

from ci.handoff.write import write_all
from schemas.errors import OutputError
from schemas.recommendation import Recommendation


def contents(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_the_directory_has_a_file_for_every_tool(shop, tmp_path):
    paths = write_all(shop, tmp_path / "out")
    names = {str(path.relative_to(tmp_path / "out")) for path in paths}
    assert all(path.is_file() for path in paths)
    assert list(paths) == sorted(paths, key=lambda path: str(path))
    assert {
        "README.md",
        "recommendation.json",
        "recommendation.yaml",
        "patches/api.yaml",
        "manifests/worker.yaml",
        "kustomize/kustomization.yaml",
        "kustomize/web/kustomization.yaml",
        "helm/values-api.yaml",
        "terraform/main.tf",
        "terraform/sizing.auto.tfvars.json",
        "ansible/playbook.yaml",
        "ansible/group_vars/all.yaml",
        "ansible/tasks/apply.yaml",
    } <= names
    assert "patches/worker.yaml" not in names


def test_the_json_is_the_recommendation(shop, tmp_path):
    write_all(shop, tmp_path / "out")
    text = (tmp_path / "out" / "recommendation.json").read_text()
    assert Recommendation.model_validate_json(text) == shop


@pytest.mark.parametrize("which", ["shop", "hostile"])
def test_the_same_recommendation_gives_the_same_bytes(request, tmp_path, which):
    recommendation = request.getfixturevalue(which)
    write_all(recommendation, tmp_path / "one")
    again = Recommendation.model_validate_json((tmp_path / "one/recommendation.json").read_text())
    write_all(again, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    write_all(recommendation, tmp_path / "one")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_component_that_went_away_leaves_no_files(shop, build, tmp_path):
    write_all(shop, tmp_path / "out")
    write_all(build.recommendation(build.patched("api")), tmp_path / "out")
    left = contents(tmp_path / "out")
    assert not [name for name in left if re.search("web|postgres|worker", name)]
    assert "patches/api.yaml" in left


def test_a_readme_of_the_user_is_not_replaced(shop, tmp_path):
    (tmp_path / "README.md").write_text("# My project\n")
    with pytest.raises(OutputError, match=re.escape("README.md")):
        write_all(shop, tmp_path)
    assert contents(tmp_path) == {"README.md": b"# My project\n"}


def test_every_file_is_ascii_without_control_characters(hostile, tmp_path):
    write_all(hostile, tmp_path / "out")
    for name, content in contents(tmp_path / "out").items():
        text = content.decode("utf-8")
        if name != "README.md":
            assert text.isascii(), name
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), name


def test_names_that_no_file_system_likes_stay_inside_the_directory(hostile, tmp_path):
    write_all(hostile, tmp_path / "a" / "out")
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"out"}
    assert all(re.fullmatch(r"[A-Za-z0-9._/-]+", name) for name in contents(tmp_path / "a" / "out"))


def test_all_yaml_and_json_files_parse(hostile, tmp_path):
    class Loader(yaml.SafeLoader):
        """Reads Ansible's tag as text."""

    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
    paths = write_all(hostile, tmp_path / "out")
    for path in paths:
        if path.suffix == ".yaml":
            assert list(yaml.load_all(path.read_text(), Loader=Loader)), path
        if path.suffix == ".json":
            assert json.loads(path.read_text()), path


def test_the_readme_names_what_each_component_got(shop, hostile, tmp_path):
    write_all(shop, tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert "| `api` | `patches/api.yaml` for `Deployment/api` |" in text
    assert "| `worker` | `manifests/worker.yaml` |" in text
    assert "| `legacy` | not sized: no runtime is known |" in text
    write_all(hostile, tmp_path / "other")
    text = (tmp_path / "other" / "README.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in rows)
