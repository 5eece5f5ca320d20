"""Nothing is lost on the way out: data that is kept, exported, and imported, run by run."""

from __future__ import annotations

import json
import os
import pty
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from journey.conftest import document

from mlflow_ops import wait
from mlflow_ops.errors import NotReady
from mlflow_ops.reach.tracking import Tracking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Cli, Ran

CLIENT = (Path(__file__).parent / "everything.py").read_text(encoding="utf-8")
OTHER = ("--name", "other")


def client(what: str) -> tuple[str, ...]:
    """Return the command that runs MLflow's own client."""
    return (sys.executable, "-W", "ignore", "-c", CLIENT, what)


def logged(sandboxed: Cli) -> Any:  # noqa: ANN401 - one JSON document
    """Log one of everything, and return all that the server then holds."""
    wrote = sandboxed("run", "--", *client("write"))
    assert wrote.code == 0, wrote.err
    return held(sandboxed)


def held(sandboxed: Cli, *words: str) -> Any:  # noqa: ANN401 - one JSON document
    """Return all that the server holds, as MLflow's own client sees it."""
    read = sandboxed("run", *words, "--", *client("read"))
    assert read.code == 0, read.err
    return alike(read.out)


def alike(text: str) -> Any:  # noqa: ANN401 - one JSON document
    """Return a document in which artifacts are where they would be through any server."""
    buckets = (f"s3://mlflow-ops-{name}-123456789012-us-east-1-an" for name in ("mlflow", "other"))
    for bucket in buckets:
        text = text.replace(f"{bucket}/artifacts/", "mlflow-artifacts:/")
    return json.loads(text)


def typed(answer: str, *words: str) -> Ran:
    """Run a command on a terminal on which somebody types this answer."""
    from conftest import Ran  # noqa: PLC0415 - pytest's own, while the tests run

    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    program = str(Path(sys.executable).with_name("mlflow-ops"))
    with os.fdopen(ours, "wb"), os.fdopen(theirs, "rb") as stdin:
        ended = subprocess.run(
            [program, *words, "--sandbox"],
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


def test_a_stack_whose_data_was_kept_comes_back_with_every_run_model_user_and_artifact(
    sandboxed: Cli, cli: Cli
) -> None:
    assert sandboxed("up", "--yes").code == 0
    before = logged(sandboxed)
    added = cli("user", "add", "alice", "--sandbox")
    assert added.code == 0, added.err
    kept = sandboxed("down", "--keep-data", "--yes", "--json")
    assert kept.code == 0, kept.err
    assert document(kept)["backup"]["counts"]["users"] == 2
    assert document(kept)["kept"] == ["mlflow-ops-mlflow-123456789012-us-east-1-an"]
    again = sandboxed("down", "--keep-data", "--yes", "--json")
    assert (again.code, document(again)["destroyed"]) == (0, []), again.err

    refused = typed("mlflo", "down")
    assert (refused.code, "nothing was changed" in refused.err) == (1, True), refused
    assert "1 registered model (as of" in refused.out

    back = sandboxed("up", "--yes", "--json")
    assert back.code == 0, back.err
    assert held(sandboxed) == before
    [trusted] = Path(os.environ["MLFLOW_OPS_HOME"]).glob("sandbox/mlflow/stack/*/ca.crt")
    Tracking(document(back)["tracking_uri"], "alice", added.out.strip(), trusted).look()

    gone = typed("mlflow", "down")
    assert gone.code == 0, gone
    assert not Path(os.environ["MLFLOW_OPS_HOME"]).exists()


def test_an_export_serves_without_us_and_goes_into_another_stack_as_it_was(
    sandboxed: Cli, tmp_path: Path
) -> None:
    assert sandboxed("up", "--yes", "--artifacts", "direct").code == 0
    before = logged(sandboxed)
    try:
        for path in ("folder", "everything.tar.gz"):
            wrote = sandboxed("export", path, "--json")
            assert wrote.code == 0, wrote.err
        assert document(sandboxed("backups", "--json"))["backups"] == []
        shutil.copytree("folder", "copy")
        with plain_server(tmp_path / "copy") as uri:
            read = subprocess.run(
                client("read"),
                env={**os.environ, "MLFLOW_TRACKING_URI": uri},
                capture_output=True,
                text=True,
                check=False,
            )
        assert read.returncode == 0, read.stderr
        assert alike(read.stdout) == before
        assert "s3://" not in read.stdout
        assert sandboxed("down", "--yes").code == 0

        assert sandboxed("up", "--yes", *OTHER).code == 0
        (tmp_path / "copy" / "mlflow.db").write_bytes(b"")
        lost = sandboxed("import", "copy", "--yes", *OTHER)
        assert (lost.code, "is not an export as it was written" in lost.err) == (1, True), lost
        taken = sandboxed("import", "everything.tar.gz", "--yes", "--json", *OTHER)
        assert taken.code == 0, taken.err
        assert held(sandboxed, *OTHER) == before
    finally:
        sandboxed("down", "--yes", *OTHER)


@contextmanager
def plain_server(folder: Path) -> Iterator[str]:
    """Run `mlflow server` on an export, as its last words say, and give its URI."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    uri = f"http://127.0.0.1:{port}"
    mlflow = str(Path(sys.executable).with_name("mlflow"))
    stores = (
        "--backend-store-uri",
        "sqlite:///mlflow.db",
        "--artifacts-destination",
        "./artifacts",
    )
    words = [mlflow, "server", *stores, "--port", str(port), "--workers", "1"]
    with (
        (folder.parent / "plain.log").open("wb") as log,
        subprocess.Popen(
            words, cwd=folder, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            wait.until("a plain server", lambda: answers(uri), deadline=90)
            yield uri
        finally:
            os.killpg(process.pid, 15)


def answers(uri: str) -> bool:
    """Whether a server answers from its API."""
    try:
        Tracking(uri).look()
    except NotReady:
        return False
    return True
