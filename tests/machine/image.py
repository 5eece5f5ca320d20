"""The root every nspawn machine starts from: built once by mmdebstrap, then cached.

The cache lies outside the tree, under $XDG_CACHE_HOME or ~/.cache, by a hash of the recipe. A root
is built beside its place and renamed into it, under a lock, so that parallel runs wait for one
build and nobody meets half a root. It may be deleted at any time when no test runs.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import platform
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import inherited, seed
from .shell import ENVIRONMENT, do

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = (
    "ca-certificates",
    "cloud-init",
    "dbus",
    "iproute2",
    "libpam-systemd",
    "locales",
    "netbase",
    "openssh-server",
    "python3",
    "sudo",
    "systemd-sysv",
)
# apt would wake up by itself at a time no test can foresee.
SWITCHED_OFF = ("apt-daily.timer", "apt-daily-upgrade.timer")


@dataclass(frozen=True)
class Recipe:
    """All that decides what is in a root."""

    suite: str
    sources: tuple[Path, ...]
    apt_conf: str
    files: dict[str, bytes]

    @classmethod
    def of_this_computer(cls) -> Recipe:
        """Return the recipe for this computer's own release, with what it has to inherit."""
        certificates = inherited.AUTHORITIES.relative_to("/")
        files = {f"{certificates}/{name}": c for name, c in inherited.authorities().items()}
        files["etc/pip.conf"] = inherited.pip_conf().encode()
        files["etc/cloud/cloud.cfg.d/99-machine.cfg"] = seed.CLOUD_CONFIG.encode()
        suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
        return cls(suite, tuple(inherited.sources()), inherited.apt_conf(), files)

    def key(self) -> str:
        """Return a name for the root, another one whenever anything in it would differ."""
        sources = [path.read_text() for path in self.sources]
        files = {path: hashlib.sha256(content).hexdigest() for path, content in self.files.items()}
        parts = [self.suite, sources, self.apt_conf, files, PACKAGES, SWITCHED_OFF]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def root() -> Path:
    """Return the root for this computer, after building it when there is none yet."""
    recipe = Recipe.of_this_computer()
    # It holds this computer's settings, which may name an index with a password.
    cache().mkdir(mode=0o700, parents=True, exist_ok=True)
    place = cache() / f"root-{recipe.key()}"
    with _locked(place.with_suffix(".lock")):
        if _stale(place):
            shutil.rmtree(place)
        if not place.exists():
            _build(recipe, place)
    return place


def cache() -> Path:
    """Return the folder of cached roots."""
    base = ENVIRONMENT.get("XDG_CACHE_HOME") or inherited.HOME / ".cache"
    return Path(base, "mlflow-ops-tests")


def _stale(place: Path) -> bool:
    """Whether a rebuild is asked for and this root is older than this test run."""
    wanted = ENVIRONMENT.get("MLFLOW_OPS_TEST_REBUILD")
    return bool(wanted) and place.exists() and place.stat().st_ctime < STARTED


STARTED = time.time()


def _build(recipe: Recipe, place: Path) -> None:
    """Build a root beside its place, and rename it when it is whole."""
    sys.stderr.write(f"Building the test machine's root, about a minute: {place}\n")
    unfinished = place.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    settings = place.with_suffix(".apt.conf")
    settings.write_text(recipe.apt_conf)
    options = ["--variant=apt", f"--include={','.join(PACKAGES)}", f"--aptopt={settings}"]
    do("mmdebstrap", *options, recipe.suite, str(unfinished), *map(str, recipe.sources))
    for path, content in recipe.files.items():
        write(unfinished / path, content)
    _finish(unfinished)
    unfinished.rename(place)


def _finish(unfinished: Path) -> None:
    """Make a bare root what Ubuntu's cloud image is, where it matters."""
    do("chroot", str(unfinished), "update-ca-certificates")
    (unfinished / "var/log/journal").mkdir(exist_ok=True)
    for unit in SWITCHED_OFF:
        (unfinished / "etc/systemd/system" / unit).symlink_to("/dev/null")
    for key in (unfinished / "etc/ssh").glob("ssh_host_*"):
        key.unlink()


def write(path: Path, content: bytes) -> None:
    """Write a file of a machine's disk, in place of whatever is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time into the block."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
