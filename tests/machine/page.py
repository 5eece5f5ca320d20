"""One page in a test's browser: what it shows, what it is told to do, and what it asked for."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops import wait

if TYPE_CHECKING:
    from pathlib import Path

    from .devtools import Devtools


@dataclass
class Page:
    """One open page, and what has become of what it asked for."""

    devtools: Devtools

    def look(self, url: str) -> str:
        """Go there; return an empty string, or the network error that came instead of a page."""
        return str(self.devtools.ask("Page.navigate", url=url).get("errorText", ""))

    def run(self, script: str) -> Any:  # noqa: ANN401 - whatever the script gives
        """Return what a script in the page comes to."""
        answer = self.devtools.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def shows(self, text: str, deadline: float = 60) -> None:
        """Wait until the page shows this text."""
        script = "document.body ? document.body.innerText : ''"
        wait.until(f"{text!r} on the page", lambda: text in self.run(script), deadline=deadline)

    def click(self, name: str, deadline: float = 60) -> None:
        """Wait for what has this name or text, and click it."""
        said = json.dumps(name)
        script = f"""(() => {{
          const found = [...document.querySelectorAll("[aria-label], button, span")].find(
            each => each.ariaLabel === {said} || each.innerText === {said});
          found?.click();
          return Boolean(found);
        }})()"""
        wait.until(f"the button {name!r}", lambda: self.run(script), deadline=deadline)

    def images(self, width: int) -> set[str]:
        """Return where those images come from that are drawn, and so many pixels wide."""
        script = f"""[...document.images].filter(
          each => each.complete && each.naturalWidth == {width}).map(each => each.src)"""
        return set(self.run(script))

    def shows_image(self, width: int, before: set[str], deadline: float = 60) -> None:
        """Wait until the page has drawn an image that was none of those before."""
        said = f"another image, {width} wide"
        wait.until(said, lambda: self.images(width) - before, deadline=deadline)

    def screenshot(self, path: Path) -> bytes:
        """Keep what the window shows as a PNG file, and return it."""
        picture = base64.b64decode(self.devtools.ask("Page.captureScreenshot")["data"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)
        return picture

    @property
    def was_asked_to_log_in(self) -> bool:
        """Whether a server has asked for a login, which the browser then gave."""
        return bool(self.devtools.heard("Fetch.authRequired"))

    def answers(self) -> list[tuple[str, str, int]]:
        """Return method, URL and status of each request that was answered."""
        asked = {
            each["requestId"]: each for each in self.devtools.heard("Network.requestWillBeSent")
        }
        responses = self.devtools.heard("Network.responseReceived")
        return [
            (asked[one["requestId"]]["request"]["method"], response["url"], response["status"])
            for one in responses
            if (response := one["response"]) and one["requestId"] in asked
        ]

    def complaints(self) -> list[str]:
        """Return the errors in its console, and what was blocked."""
        logged = [each["entry"] for each in self.devtools.heard("Log.entryAdded")]
        failed = self.devtools.heard("Network.loadingFailed")
        thrown = self.devtools.heard("Runtime.exceptionThrown")
        return [
            *(f"{each['text']} {each.get('url')}" for each in logged if each["level"] == "error"),
            *(f"{each['errorText']} {each}" for each in failed if not each.get("canceled")),
            *(str(each["exceptionDetails"]) for each in thrown),
        ]
