"""Chromium's DevTools over two pipes: questions with answers, and events that come by themselves.

Each message is JSON, ended by a NUL.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Message = dict[str, Any]
PATIENCE = 30
DOMAINS = ("Page", "Runtime", "Network", "Log")


@contextmanager
def talking(heard: int, told: int, login: tuple[str, str]) -> Iterator[Devtools]:
    """Talk to the browser at the other ends of two pipes; they are closed at the end."""
    devtools = Devtools(heard, told, login)
    listener = threading.Thread(target=devtools.listen)
    listener.start()
    try:
        yield devtools
    finally:
        os.close(told)
        listener.join()
        os.close(heard)


class Devtools:
    """A conversation with one browser about one page; it gives its login when a server asks."""

    def __init__(self, heard: int, told: int, login: tuple[str, str]) -> None:
        self._heard = heard
        self._told = told
        self._login = login
        self._last = 0
        self._session = ""
        self._answers: dict[int, SimpleQueue[Message]] = {}
        self._events: list[Message] = []
        self._lock = threading.Lock()

    def attach(self) -> None:
        """Open a page and hear all that happens to it."""
        target = self.ask("Target.createTarget", whole=True, url="about:blank")["targetId"]
        asked = {"targetId": target, "flatten": True}
        self._session = self.ask("Target.attachToTarget", whole=True, **asked)["sessionId"]
        for domain in DOMAINS:
            self.ask(f"{domain}.enable")
        self.ask("Fetch.enable", handleAuthRequests=True)

    def ask(self, method: str, *, whole: bool = False, **parameters: Any) -> Message:  # noqa: ANN401 - whatever JSON holds
        """Return the answer to a question about the page, or about the browser as a `whole`."""
        answer = self._tell(method, parameters, whole=whole).get(timeout=PATIENCE)
        assert "error" not in answer, f"{method}: {answer['error']}"
        found: Message = answer["result"]
        return found

    def heard(self, event: str) -> list[Message]:
        """Return the events of this name so far."""
        return [each["params"] for each in self._events if each.get("method") == event]

    def _tell(
        self, method: str, parameters: Message, *, whole: bool = False
    ) -> SimpleQueue[Message]:
        with self._lock:
            self._last += 1
            answer = self._answers[self._last] = SimpleQueue()
            message = {"id": self._last, "method": method, "params": parameters}
            if not whole:
                message["sessionId"] = self._session
            os.write(self._told, json.dumps(message).encode() + b"\0")
        return answer

    def listen(self) -> None:
        """Sort what comes, until the browser ends."""
        rest = b""
        while piece := os.read(self._heard, 1 << 16):
            *whole, rest = (rest + piece).split(b"\0")
            for message in map(json.loads, whole):
                if "id" in message:
                    self._answers[message["id"]].put(message)
                else:
                    self._events.append(message)
                    self._go_on(message)

    def _go_on(self, event: Message) -> None:
        """Let a request go its way, and give the login to the server that asks for one."""
        if event["method"] == "Fetch.requestPaused":
            self._tell("Fetch.continueRequest", {"requestId": event["params"]["requestId"]})
        elif event["method"] == "Fetch.authRequired":
            name, password = self._login
            given = {"response": "ProvideCredentials", "username": name, "password": password}
            asked = {"requestId": event["params"]["requestId"], "authChallengeResponse": given}
            self._tell("Fetch.continueWithAuth", asked)
