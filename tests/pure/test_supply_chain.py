"""What the host installs comes by hash alone, and all of it can be held against what is known."""

from __future__ import annotations

import importlib
import re
import subprocess
from importlib import resources
from pathlib import Path
from pkgutil import walk_packages

import pytest

import mlflow_ops
from mlflow_ops import environments

MAKEFILE = Path(__file__).parents[2] / "Makefile"
FLAGS = ("--require-hashes", "--only-binary :all:", "-r ")
# How pip is told to take a package from somewhere else, or as it comes.
ELSEWHERE = re.compile(r"--(extra-)?index-url|--find-links|--trusted-host|--no-verify|git\+|://")


INSTALLS = re.compile(r"(?:/uv|-m) pip install\b")


def installs() -> dict[str, str]:
    """Return every command of ours that installs Python packages on a host, by its name."""
    found = {}
    for make in (environments.install_uv, environments.install_lock):
        found[make.__qualname__] = make(environments.shipped())
    for module in walk_packages(mlflow_ops.__path__, "mlflow_ops."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, str) and INSTALLS.search(value):
                found[f"{module.name}.{name}"] = value
    return found


def test_every_install_on_the_host_is_by_hash_from_a_lock_and_runs_no_build() -> None:
    found = installs()
    sources = Path(str(mlflow_ops.__file__)).parent.rglob("*.py")
    assert len(found) == sum(len(INSTALLS.findall(each.read_text())) for each in sources)
    for name, command in found.items():
        for part in command.split("&&"):
            if "pip install" in part:
                assert all(flag in part for flag in FLAGS), name
                assert not ELSEWHERE.search(part), name


def pinned(name: str) -> set[str]:
    """Return the pins of a lock file, as `name==version`."""
    text = (resources.files("mlflow_ops") / "lock" / name).read_text(encoding="utf-8")
    return {line.split()[0] for line in text.splitlines() if re.match(r"\w", line)}


@pytest.mark.skipif(not MAKEFILE.exists(), reason="the sources are not here")
def test_the_audit_asks_about_every_version_of_every_lock_with_its_hashes(tmp_path: Path) -> None:
    audit = tmp_path / "audit"
    program = audit / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)
    # As pip-audit takes them: one version of a package in a file.
    program.write_text('#!/bin/sh\nfor file; do :; done\ncat "$file" >> "$(dirname "$0")/asked"\n')
    program.chmod(0o755)
    words = ["make", "-C", str(MAKEFILE.parent), "audit-lock", f"AUDIT={audit}"]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    asked = (program.parent / "asked").read_text()
    locks = [each.name for each in (resources.files("mlflow_ops") / "lock").iterdir()]
    pins = set().union(*(pinned(name) for name in locks if name.endswith(".txt")))
    assert len(pins) > 100
    assert set(re.findall(r"^\w\S+", asked, re.MULTILINE)) == pins
    assert all("--hash=sha256:" in each for each in re.split(r"\n(?=\w)", asked))
    for file in (audit / "locks").iterdir():
        names = re.findall(r"^(\w[\w.-]*)==", file.read_text(), re.MULTILINE)
        assert len(names) == len(set(names))


@pytest.mark.skipif(not MAKEFILE.exists(), reason="the sources are not here")
def test_the_audit_fails_when_any_part_of_it_does(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nfor file; do :; done\ncase $file in */2.txt) exit 1;; esac\n")
    program.chmod(0o755)
    words = ["make", "-C", str(MAKEFILE.parent), "audit-lock", f"AUDIT={tmp_path}"]
    assert subprocess.run(words, check=False, capture_output=True, timeout=60).returncode != 0
