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
from typing import TYPE_CHECKING

from .devtools import talking
from .page import Page
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
