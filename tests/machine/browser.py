"""A headless Chromium that a test drives: nothing of it is downloaded, and no warning is off.

It is Debian's own, started on a profile of its own and spoken to over two pipes, so that it opens
no port and ends with the test run. It trusts what the profile's certificate store holds besides
its own, as a user's Chromium on Linux does.
https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops import wait

from .devtools import Devtools, talking
from .shell import ENVIRONMENT, do

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PACKAGES = {"chromium": "chromium", "certutil": "libnss3-tools"}
# Without the background flags it asks for hosts of its maker's at every start.
FLAGS = (
    *("--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"),
    "--no-sandbox",  # its sandbox does not work for root, and only our own page is opened
    "--no-proxy-server",
    "--disable-dev-shm-usage",
)


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


def install() -> None:
    """Install what is missing with apt-get, and say so."""
    packages = sorted({name for tool, name in PACKAGES.items() if not shutil.which(tool)})
    if packages:
        sys.stderr.write(f"Installing for the test's browser: {' '.join(packages)}\n")
        quiet = ["-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
        do("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", *quiet, *packages)


def trust(home: Path, certificate: Path) -> None:
    """Put a certificate authority into the store of the user with this home."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    do("certutil", "-N", "-d", f"sql:{store}", "--empty-password")
    do("certutil", "-A", "-d", f"sql:{store}", "-t", "C,,", "-n", "stack", "-i", str(certificate))


@contextmanager
def opened(before: Sequence[str], home: Path, login: tuple[str, str]) -> Iterator[Page]:
    """Start a browser with `before` its command, for a user who gives this login when asked."""
    heard, told = os.pipe(), os.pipe()
    process = _started(before, home, told[0], heard[1])
    with talking(heard[0], told[1], login) as devtools:
        try:
            devtools.attach()
            yield Page(devtools)
            devtools.ask("Browser.close", whole=True)
            process.wait(20)
        finally:
            process.kill()
            process.wait()


def _started(
    before: Sequence[str], home: Path, orders: int, reports: int
) -> subprocess.Popen[bytes]:
    """Return the browser's process, which has our ends of the two pipes for its own."""
    # It reads from 3 and writes to 4, whichever numbers they have here.
    pipes = f'exec 3<&{orders} 4>&{reports}; exec "$@"'
    flags = [*FLAGS, f"--user-data-dir={home / 'profile'}", "about:blank"]
    with (home / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [*before, "bash", "-c", pipes, "bash", "chromium", *flags],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={"PATH": ENVIRONMENT["PATH"], "HOME": str(home), "LANG": "C.UTF-8"},
            pass_fds=(orders, reports),
        )
    os.close(orders)
    os.close(reports)
    return process
