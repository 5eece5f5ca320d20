"""The same journey against any AWS emulator, found by the standard AWS environment alone."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from doubles import moto_cloud, ssh

from mlflow_ops.sandbox import home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Cli

# Port 22 and the server's port 5000 of a loopback address of its own.
ADDRESS = "127.0.0.22"
MAY_LISTEN = sys.platform == "linux" and os.geteuid() == 0
pytestmark = pytest.mark.skipif(
    not MAY_LISTEN, reason="listening at port 22 is not for this user, or not on this system"
)


@pytest.fixture(scope="module")
def cloud() -> Iterator[moto_cloud.MotoCloud]:
    """Serve plain moto in another process."""
    folder = Path(__file__).parent
    words = [sys.executable, str(folder / "plain_moto.py"), ADDRESS]
    environment = os.environ | {"PYTHONPATH": str(folder.parent)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        yield moto_cloud.MotoCloud(process.stdout.readline().strip())
        process.kill()


@contextmanager
def machine(folder: Path, endpoint: str) -> Iterator[ssh.SshDouble]:
    """Stand in for the host: software already there, and a server that binds ADDRESS alone."""
    home.prepare(folder, home.shipped_lock())
    script = folder / "mlflow" / ".venv" / "bin" / "mlflow"
    python = shlex.quote(str(script.with_name("python")))
    narrow = f'for a; do shift; [ "$a" = 0.0.0.0 ] && a={ADDRESS}; set -- "$@" "$a"; done'
    script.write_text(f'#!/bin/sh\n{narrow}\nexec {python} -m mlflow "$@"\n')
    path = f"{folder}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    # There is one such address, and tests may run side by side.
    with (Path(tempfile.gettempdir()) / f"mlflow-ops-{ADDRESS}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with ssh.running(folder, endpoint, address=ADDRESS, port=22, path=path) as double:
            try:
                yield double
            finally:
                _end_server(folder)


def _end_server(folder: Path) -> None:
    pid = folder / "mlflow" / "server.pid"
    if pid.exists():
        os.killpg(int(pid.read_text()), signal.SIGKILL)


def test_the_journey_on_a_plain_emulator_leaves_only_what_was_there(
    cli: Cli, cloud: moto_cloud.MotoCloud, tmp_path: Path, wine_csv: str
) -> None:
    foreign = foreign_things(cloud)
    before = cloud.holdings()
    given = {**cloud.environment(), "AWS_REGION": "eu-west-1"}
    aws_files = tmp_path / "home" / ".aws"
    aws_files.mkdir()
    (aws_files / "credentials").write_bytes(b"[default]\naws_access_key_id = X")
    make = ("up", "--yes", "--json", "--allow", "127.0.0.1/32", "--ami", moto_cloud.IMAGE)
    with machine(tmp_path / "host", f"{cloud.endpoint}#eu-west-1"):
        made = cli(*make, **given)
        assert made.code == 0, made.err
        assert json.loads(made.out)["tracking_uri"] == f"http://{ADDRESS}:5000"
        assert json.loads(made.out)["region"] == "eu-west-1"
        assert cli(*make, **given).code == 0
        trained = cli("train", "--alpha", "0.6", "--data", wine_csv, "--json", **given)
        assert trained.code == 0, trained.err
        assert cli("status", **given).code == 0
        assert cli("check", **given).code == 0
        on_another_laptop(cli, given, tmp_path)
        bucket = json.loads(made.out)["steps"][3]["id"]
        listed = cloud.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
        assert any("ElasticnetWineModel" in o["Key"] or "/artifacts/" in o["Key"] for o in listed)
        down = cli("down", "--yes", "--json", **given)
    assert (down.code, json.loads(down.out)["left"]) == (0, []), down.err
    assert cli("down", "--yes", **given).code == 0
    assert cloud.holdings() == before
    assert cloud.client("ec2", "eu-west-1").describe_key_pairs()["KeyPairs"] == []
    assert (aws_files / "credentials").read_bytes() == b"[default]\naws_access_key_id = X"
    assert [path.name for path in aws_files.iterdir()] == ["credentials"]
    assert not Path(os.environ["MLFLOW_OPS_HOME"]).exists()
    assert foreign


def on_another_laptop(cli: Cli, given: dict[str, str], tmp_path: Path) -> None:
    """See that the stack is found by its tags where no local file of ours is."""
    elsewhere = {**given, "MLFLOW_OPS_HOME": str(tmp_path / "other"), "HOME": str(tmp_path / "h2")}
    status = cli("status", "--json", **elsewhere)
    states = {step["step"]: step["state"] for step in json.loads(status.out)["steps"]}
    assert (status.code, json.loads(status.out)["state"]) == (0, "ready"), status.out
    assert states["software"] == "unknown"
    shown = cli("down", "--dry-run", "--json", **elsewhere)
    assert len(json.loads(shown.out)["would_destroy"]) == 6
    assert not (tmp_path / "other").exists()


def foreign_things(cloud: moto_cloud.MotoCloud) -> dict[str, Any]:
    """Make a bucket, a user, a group and an instance that are somebody else's."""
    ec2, s3, iam = cloud.client("ec2"), cloud.client("s3"), cloud.client("iam")
    s3.create_bucket(Bucket="mlflow-ops-of-somebody-else")
    s3.put_object(Bucket="mlflow-ops-of-somebody-else", Key="precious", Body=b"1")
    iam.create_user(UserName="somebody", Path="/mlflow-ops/")
    iam.create_access_key(UserName="somebody")
    group = ec2.create_security_group(GroupName="mlflow-ops", Description="theirs")
    launched = ec2.run_instances(ImageId=moto_cloud.IMAGE, MinCount=1, MaxCount=1)
    return {"group": group["GroupId"], "instance": launched["Instances"][0]["InstanceId"]}


def test_a_host_whose_software_is_missing_says_which_command_failed_and_how(
    cli: Cli, cloud: moto_cloud.MotoCloud, tmp_path: Path
) -> None:
    given = cloud.environment()
    make = ("up", "--yes", "--allow", "127.0.0.1/32", "--ami", moto_cloud.IMAGE, "--name", "bare")
    folder = tmp_path / "host"
    with machine(folder, cloud.endpoint):
        (folder / "mlflow" / "requirements.txt").unlink()
        shutil.rmtree(folder / "mlflow" / ".venv")
        pipenv = folder / "bin" / "pipenv"
        pipenv.write_text("#!/bin/sh\necho begun\necho 'no space left on device' >&2\nexit 5\n")
        pipenv.chmod(0o755)
        failed = cli(*make, **given)
        assert failed.code == 1
        assert "Exit 5 on the host: mkdir -p mlflow" in failed.err
        assert "  | begun\n  | no space left on device" in failed.err
        assert "To go on: mlflow-ops up --name bare" in failed.out
        assert "To remove it: mlflow-ops down --name bare" in failed.out
        assert "Traceback" not in failed.err
        states = json.loads(cli("status", "--json", "--name", "bare", **given).out)
        assert states["state"] == "partial"
        assert cli("down", "--yes", "--name", "bare", **given).code == 0
