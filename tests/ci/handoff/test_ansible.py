"""Variables and tasks, proven with the real ansible-playbook.

The tasks run against a fake collection ``kubernetes.core`` whose ``k8s`` module notes what it is
asked to do: that needs no cluster and shows what the real one would be given.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from ci.handoff.ansible import ansible_variables
from ci.handoff.write import write_all
from ci.handoff.yaml_text import plain_data

pytestmark = pytest.mark.tool

FAKE_K8S = """
import json, os
from ansible.module_utils.basic import AnsibleModule

def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str"), namespace=dict(type="str"), definition=dict(type="dict"),
            merge_type=dict(type="list", elements="str"), apply=dict(type="bool"),
        ),
        supports_check_mode=True,
    )
    with open(os.environ["FAKE_K8S_LOG"], "a") as log:
        log.write(json.dumps(module.params) + "\\n")
    missing = os.environ.get("FAKE_K8S_MISSING") == module.params["definition"]["metadata"]["name"]
    module.exit_json(changed=True, result={} if missing else {"kind": "x"})

main()
"""


@pytest.fixture
def ansible(tool, tmp_path):
    """Runs ansible-playbook; tasks of kubernetes.core.k8s go to the fake module's log."""
    name = "ansible-playbook"
    binary = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if binary is None:
        pytest.skip("ansible-playbook is not installed")
    module = tmp_path / "collections" / "ansible_collections" / "kubernetes" / "core"
    (module / "plugins" / "modules").mkdir(parents=True)
    (module / "plugins" / "modules" / "k8s.py").write_text(FAKE_K8S)
    (tmp_path / "home").mkdir()

    def run(*arguments, real=False, **extra):
        env = {
            **os.environ,
            "HOME": str(tmp_path / "home"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
            "FAKE_K8S_LOG": str(tmp_path / "log"),
            **extra,
        }
        if not real:
            env["ANSIBLE_COLLECTIONS_PATH"] = str(tmp_path / "collections")
        interpreter = f"ansible_python_interpreter={sys.executable}"
        return tool(binary, "-e", interpreter, *arguments, env=env, cwd=tmp_path)

    return run


def loaded_variables(ansible, out, tmp_path):
    """The variables as a play sees them, every template in them evaluated."""
    names = ["ai_provision_sizing", "ai_provision_patches", "ai_provision_manifests"]
    content = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
    copy = {"content": content, "dest": str(tmp_path / "loaded.json"), "mode": "0600"}
    play = {
        "name": "Load",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tasks": [{"name": "Note the variables", "ansible.builtin.copy": copy}],
    }
    (out / "ansible" / "load.yaml").write_text(yaml.safe_dump([play]))
    ansible(out / "ansible" / "load.yaml")
    return json.loads((tmp_path / "loaded.json").read_text())


@pytest.mark.parametrize("which", ["shop", "hostile"])
def test_the_variables_load_equal_to_the_recommendation(request, ansible, tmp_path, which):
    recommendation = request.getfixturevalue(which)
    out = tmp_path / "out"
    write_all(recommendation, out)
    expected = plain_data(ansible_variables(recommendation))
    del expected["ai_provision_namespace"]
    assert loaded_variables(ansible, out, tmp_path) == expected
    assert not (tmp_path / "owned").exists()
    assert not (out / "ansible" / "owned").exists()


def test_a_template_without_the_tag_would_be_evaluated(build, ansible, tmp_path):
    """Shows that the test above can fail."""
    out = tmp_path / "out"
    item = build.patched("api", runtime_env={"GOMEMLIMIT": "460MiB"})
    write_all(build.recommendation(item), out)
    file = out / "ansible" / "group_vars" / "all.yaml"
    file.write_text(file.read_text().replace("460MiB", "{{ 6 * 7 }}"))
    loaded = loaded_variables(ansible, out, tmp_path)
    assert loaded["ai_provision_sizing"]["api"]["runtime_env"]["GOMEMLIMIT"] in (42, "42")


@pytest.mark.parametrize("which", ["shop", "hostile"])
def test_the_playbook_passes_the_syntax_check_with_the_real_collection(
    request, ansible, tmp_path, which
):
    write_all(request.getfixturevalue(which), tmp_path / "out")
    ansible("--syntax-check", tmp_path / "out" / "ansible" / "playbook.yaml", real=True)


@pytest.mark.parametrize(
    ("which", "mode"),
    [
        pytest.param("shop", (), id="apply"),
        pytest.param("hostile", (), id="hostile"),
        pytest.param("hostile", ("--check",), id="check"),
    ],
)
def test_the_tasks_hand_over_every_patch_and_manifest(request, ansible, tmp_path, which, mode):
    recommendation = request.getfixturevalue(which)
    write_all(recommendation, tmp_path / "out")
    playbook = tmp_path / "out" / "ansible" / "playbook.yaml"
    ansible(playbook, *mode, "-e", "ai_provision_namespace=shop")
    calls = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    variables = plain_data(ansible_variables(recommendation))
    patches = [call for call in calls if call["state"] == "patched"]
    assert [call["definition"] for call in patches] == [
        patch["definition"] for patch in variables["ai_provision_patches"]
    ]
    assert all(call["merge_type"] == ["strategic-merge"] for call in patches)
    assert [call["definition"] for call in calls if call["state"] == "present"] == [
        manifest["definition"] for manifest in variables["ai_provision_manifests"]
    ]
    assert {call["namespace"] for call in calls} == {"shop"}


def test_a_workload_that_is_not_in_the_cluster_fails_the_play(build, ansible, tmp_path):
    write_all(build.recommendation(build.patched("api")), tmp_path / "out")
    with pytest.raises(AssertionError, match="deploy it first"):
        ansible(tmp_path / "out" / "ansible" / "playbook.yaml", FAKE_K8S_MISSING="api")
