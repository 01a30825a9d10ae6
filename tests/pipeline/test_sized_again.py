"""A repository that took over what was written for it is sized alike, and nothing twice."""

from pathlib import Path

import pytest
import yaml

from adapters.clock import SystemClock
from adapters.settings import Settings
from pipeline.run import Recorder
from pipeline.wiring import build_pipeline, local_checkout
from pipeline.workflow import Question
from schemas.run import ReasonerChoice
from schemas.trigger import Trigger

NODE = {
    "Dockerfile": 'FROM node:22\nCOPY . .\nEXPOSE 3000\nCMD ["node", "index.js"]\n',
    "package.json": '{"name": "shop", "dependencies": {"express": "^4"}}',
}
GO = {
    "Dockerfile": 'FROM golang:1.24\nCOPY . .\nEXPOSE 8080\nCMD ["/server"]\n',
    "go.mod": "module example.com/server\n\ngo 1.24\n",
}
TWO_IMAGES = {
    **{f"web/{name}": text for name, text in NODE.items()},
    "web/docker/web/Dockerfile": NODE["Dockerfile"],
}
SERVER = {f"graphql/server/{name}": text for name, text in GO.items()}
PARTS = {f"db/docker/chatbot/{name}": text for name, text in NODE.items()} | {
    f"db/docker/embed-docs/{name}": text for name, text in GO.items()
}


def sized(root: Path):
    trigger = Trigger(git_repo=str(root), app_description="A web service, 50 QPS at peak")
    clock = SystemClock()
    none = ReasonerChoice(requested="none", used="none", why="asked for")
    with local_checkout(root) as checkout:
        return build_pipeline(Settings(knowledge="off", llm="none")).run(
            Question(trigger=trigger), checkout, Recorder(clock, version="test", reasoner=none)
        )


@pytest.mark.parametrize(
    "files", [NODE, GO, TWO_IMAGES, SERVER, PARTS], ids=["node", "go", "twice", "filler", "parts"]
)
def test_what_was_written_is_known_again(tmp_path, files):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    first = sized(tmp_path)
    assert first.components
    for item in first.components:
        path = tmp_path / "deploy" / f"{item.name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump_all(item.manifests))
    again = sized(tmp_path)
    numbers = [
        {item.name: (item.replicas, item.resources) for item in result.components}
        for result in (first, again)
    ]
    assert numbers[1] == numbers[0]
    assert not any(item.changes for item in again.components)
    assert {item.dockerfile for item in again.components} == {
        item.dockerfile for item in first.components
    }
