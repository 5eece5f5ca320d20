"""Other versions of MLflow beside the one that serves, on a real host with 1 GiB."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import journey
import pytest

from mlflow_ops import commands, environments

from .operator import UP, Operator, working

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from . import kinds

# The same schema as the shipped one's, an older one, and one whose exact pins the index lacks.
FITS, TOO_OLD, CANNOT_BE_HAD = "3.17.1", "3.16.1", "3.18.0"
MAIN_PID = "systemctl show -p MainPID --value mlflow-server"
EVERYTHING = (Path(journey.__path__[0]) / "everything.py").read_text(encoding="utf-8")
HOME = "/home/ubuntu"
# It brings a database up to date as the real one does, and then it serves nothing.
SERVES_NOTHING = f"""\
cd {HOME}/mlflow/environments && mkdir -p 9.9.9-0123456789ab/mlflow/.venv/bin
bin=$(pwd)/{environments.shipped().id}/mlflow/.venv/bin
cd 9.9.9-0123456789ab/mlflow && printf '#!/bin/sh\\nexec %s/python "$@"\\n' $bin > .venv/bin/python
printf '#!/bin/sh\\n[ "$1" = db ] || {{ echo "broken indeed"; exit 1; }}\\nexec %s/mlflow "$@"\\n' \
  $bin > .venv/bin/mlflow
chmod 755 .venv/bin/* && printf 'mlflow==9.9.9\\n' > requirements.txt
chown -R ubuntu:ubuntu {HOME}/mlflow/environments
"""


@pytest.fixture(scope="module")
def operator(
    machine_kind: kinds.Kind, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operator]:
    """Give a stack with one of everything in it, for all tests here."""
    with working(machine_kind, tmp_path_factory.mktemp("operator")) as found:
        made = found(*UP)
        assert made.code == 0, made.err
        client(found, "write")
        yield found


def client(operator: Operator, what: str) -> str:
    """Let a client log one of everything, or read it all."""
    ran = operator("run", "--", sys.executable, "-W", "ignore", "-c", EVERYTHING, what)
    assert ran.code == 0, ran.err
    return ran.out.strip().rpartition("\n")[2]


def held(operator: Operator) -> Any:  # noqa: ANN401 - one JSON document
    """Return all that the server holds, and who may log in."""
    users = operator("user", "list", "--json").document
    return json.loads(client(operator, "read")), users


@pytest.fixture(scope="module")
def before(operator: Operator) -> Any:  # noqa: ANN401 - one JSON document
    """Return all that the server holds at first."""
    return held(operator)


def version(operator: Operator) -> str:
    """Return the version whose Python the server runs with."""
    words = operator.machine.run(f"tr '\\0' '\\n' < /proc/$({MAIN_PID})/cmdline").split()
    return words[0].removeprefix(f"{HOME}/{environments.ALL}/").partition("-")[0]


def test_what_cannot_be_had_or_cannot_read_the_database_leaves_the_server_alone(
    operator: Operator,
) -> None:
    pid = operator.machine.run(MAIN_PID)
    missing = operator("upgrade", "--mlflow", CANNOT_BE_HAD)
    assert missing.code == 1
    assert f"MLflow {CANNOT_BE_HAD} cannot be installed: the package index does not" in missing.err
    older = operator("upgrade", "--mlflow", TOO_OLD)
    assert older.code == 1
    assert f"MLflow {TOO_OLD} is too old for the database" in older.err
    assert operator.machine.run(MAIN_PID) == pid
    assert operator("check").code == 0
    kept = operator.machine.run(f"ls {HOME}/mlflow/environments").split()
    assert kept == [environments.shipped().id]
    assert operator.machine.memory.oom_kills() == 0


def test_an_unpinned_version_takes_over_and_the_shipped_one_comes_back(
    operator: Operator, before: object, record_property: Callable[[str, object], None]
) -> None:
    there = operator("upgrade", "--mlflow", FITS, "--json")
    assert there.code == 0, there.err
    assert there.document | {"backup": ""} == {
        "mlflow": FITS,
        "before": environments.shipped().version,
        "pinned": False,
        "changed": True,
        "backup": "",
    }
    assert "It is not pinned" in there.err
    assert (version(operator), held(operator)) == (FITS, before)
    link = operator.machine.run(f"readlink {HOME}/{commands.ENVIRONMENT}")
    steps = {each["step"]: each for each in operator(*UP).document["steps"]}
    assert steps["software"]["detail"] == f"mlflow {FITS}, not pinned"
    assert operator.machine.run(f"readlink {HOME}/{commands.ENVIRONMENT}") == link
    again = operator("upgrade", "--mlflow", FITS, "--json")
    assert (again.code, again.document["changed"]) == (0, False)
    back = operator("upgrade", "--json")
    assert (back.code, back.document["pinned"]) == (0, True), back.err
    assert (version(operator), held(operator)) == (environments.shipped().version, before)
    memory = operator.machine.memory
    assert (memory.limit, memory.oom_kills()) == (1 << 30, 0)
    record_property("peak_mib", memory.peak() >> 20)


def test_one_that_serves_nothing_is_left_for_the_one_before(
    operator: Operator, before: object
) -> None:
    operator.machine.run(SERVES_NOTHING)
    failed = operator("upgrade", "--mlflow", "9.9.9")
    assert failed.code == 1
    assert "MLflow 9.9.9 was not taken: its server does not answer as it should" in failed.err
    assert "| broken indeed" in failed.err
    shipped = environments.shipped().version
    assert f"The server runs with MLflow {shipped} again, and all data as before." in failed.err
    assert (version(operator), held(operator)) == (shipped, before)
    assert operator("status").code == 0
