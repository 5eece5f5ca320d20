"""How a sandbox starts and is found."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from mlflow_ops import sandbox
from mlflow_ops.sandbox import processes

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.cloud import Cloud


def test_all_its_parts_are_installed() -> None:
    assert sandbox.installed()


def test_importing_it_loads_none_of_its_parts() -> None:
    script = (
        "import sys, mlflow_ops.sandbox\n"
        "print({'moto', 'asyncssh', 'boto3', 'psutil'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_nothing_is_found_where_nothing_was(folder: Path) -> None:
    assert sandbox.find(folder) is None
    assert not sandbox.remains(folder)
    sandbox.stop(folder)
    assert not folder.exists()


def test_a_started_sandbox_is_found_and_started_only_once(folder: Path) -> None:
    started = sandbox.start(folder)
    assert sandbox.find(folder) == sandbox.start(folder) == started
    assert not sandbox.remains(folder)


def test_two_starts_at_once_make_one_sandbox(folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(sandbox.start, [folder, folder])
    assert first == second
    assert len(processes.of_folder(folder)) == 1


def test_another_program_on_its_port_is_not_taken_for_it(cloud: Cloud, folder: Path) -> None:
    record = folder / "sandbox.json"
    record.write_text(record.read_text().replace(cloud.sandbox.token, "another"))
    assert sandbox.find(folder) is None


def test_a_failed_start_says_why_and_leaves_no_process(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "moto.py").write_text("raise ImportError('moto is broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(sandbox.SandboxFailed, match="moto is broken"):
        sandbox.start(folder)
    assert not processes.of_folder(folder)


def test_a_server_can_bind_the_reserved_port(common: Cloud) -> None:
    script = (
        "import asyncio, sys\n"
        "async def main():\n"
        "    server = await asyncio.start_server(lambda r, w: None, sys.argv[1], sys.argv[2])\n"
        "    server.close()\n"
        "asyncio.run(main())\n"
    )
    command = f'mlflow/.venv/bin/python -c "{script}" 127.0.0.1 {common.sandbox.server_port}'
    assert common.run(command) == (0, "", "")
