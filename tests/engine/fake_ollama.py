"""A fake Ollama on loopback: its wire protocol, with any brain behind it.

    with FakeOllama(ScriptedBrain(fenced({"replicas": 2}))) as fake:
        ...                                          # any client, at fake.url
    assert fake.chats[0].body["options"]["num_ctx"] == 8192

It keeps every request and how its answer ended. Nothing of it outlives the block: an endless answer
ends there, and a brain that raised makes the block raise.
"""

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from tests.engine.brains import Answer, Brain, ScriptedBrain
from tests.engine.http_server import ANSWERING, Request, Server
from tests.engine.wire import Model, tagged

__all__ = ["Brain", "FakeOllama", "Model", "Request", "ScriptedBrain"]


class FakeOllama:
    """The server; a context manager.

    Args:
        brain: What answers.
        models: What the server has, as names or with their particulars.
        api_key: What the ``Authorization`` header must bear; None: nobody asks.
        instead: Answers to whole routes, such as ``{"/api/tags": fails(500)}``; the text of such
            an answer is the body as it stands.
    """

    def __init__(
        self,
        brain: Brain,
        models: Sequence[Model | str] = ("tiny",),
        api_key: str | None = None,
        instead: Mapping[str, Answer] | None = None,
    ) -> None:
        self.brain = brain
        self.models = tuple(Model(each) if isinstance(each, str) else each for each in models)
        self.api_key = api_key
        self.instead = dict(instead or {})
        self.requests: list[Request] = []
        self.loaded: dict[Model, int] = {}
        self.errors: list[Exception] = []
        self.closing = threading.Event()
        self._server = Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def chats(self) -> list[Request]:
        """The questions among the requests, in the order of their arrival."""
        return [each for each in self.requests if each.path in ANSWERING]

    def find(self, name: object) -> Model | None:
        """One of its models."""
        wanted = tagged(str(name))
        return next((model for model in self.models if model.tagged == wanted), None)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self.errors and error is None:
            raise ExceptionGroup("the fake server failed", self.errors)

    def stop(self) -> None:
        """End all answers and connections and give the port back; may be called again."""
        if not self.closing.is_set():
            self.closing.set()
            self._server.shutdown()
            self._server.end_connections()
            self._server.server_close()
            self._thread.join()
