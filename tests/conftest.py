"""What every test stands on: an environment of its own, in which no real AWS can be reached."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from cloud.server import StrictCloud

# What is cached between runs, like a machine's root, is not a test's own.
CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
# Each is one machine, or one host of the sandbox, for several tests. The cloud behind a machine is
# its process's own: a test with another cloud, run between them, would empty it.
TOGETHER = (
    "tests/machine/shared/",
    "tests/machine/test_domain.py",
    "tests/machine/test_upgrade.py",
    "tests/sandbox/test_backup.py",
)
SLOW = (*TOGETHER, "tests/machine/", "tests/leftovers/", "tests/journey/", "tests/sandbox/")
NOBODY = "http://127.0.0.1:9"
# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "winequality-red.csv"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the journey be made on a real account."""
    parser.addoption("--aws", action="store_true", help="Use the AWS account of the environment.")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the way to that account, before the tests' own environment takes it away."""
    if config.getoption("--aws"):
        from journey import place  # noqa: PLC0415 - only then

        config.stash[place.CHOSEN] = place.real()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it at the end."""
    items.sort(key=lambda i: next((n for n, s in enumerate(SLOW) if i.nodeid.startswith(s)), 9))


def unit(nodeid: str) -> str:
    """Return what one worker runs without a break: a shared machine's tests, or this one alone."""
    return next((shared for shared in TOGETHER if nodeid.startswith(shared)), nodeid)


@pytest.hookimpl(optionalhook=True)  # a hook of pytest-xdist, which may be switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Hand out the tests by units, unless another `--dist` is asked for."""
    if config.getoption("dist") != "load":
        return None
    from xdist import scheduler  # type: ignore[import-untyped]  # noqa: PLC0415 - only where it is

    class ByUnit(scheduler.LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return unit(nodeid)

    return ByUnit(config, log)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take the user's AWS settings, home and proxies away; AWS itself is at a closed port."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MLFLOW_", "BOTO")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", CACHE)
    monkeypatch.setenv("MLFLOW_OPS_HOME", str(tmp_path / "ops"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)


@dataclass(frozen=True)
class Ran:
    """What a run of the command line came to."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli() -> Cli:
    """Run the installed `mlflow-ops` as a user does, away from the repository."""

    def run(*words: str, stdin: str = "", timeout: float = 120, **environment: str) -> Ran:
        ended = subprocess.run(
            [str(Path(sys.executable).with_name("mlflow-ops")), *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=os.environ | environment,
            check=False,
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture(scope="session")
def served() -> Iterator[StrictCloud]:
    """Serve a strict cloud for all tests of this process."""
    from cloud import server  # noqa: PLC0415 - loads moto, which most tests need not

    with server.serving() as cloud:
        yield cloud


@pytest.fixture
def cloud(served: StrictCloud) -> StrictCloud:
    """Return an empty cloud."""
    served.reset()
    return served


@pytest.fixture
def wine_csv() -> str:
    """Return the real data where it is to be had, else the trainer's generated data."""
    return str(REAL_DATA) if REAL_DATA.exists() else "sample"
