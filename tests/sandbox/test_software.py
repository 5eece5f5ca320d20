"""The host is a machine image that has the software already, and nothing of the laptop's."""

from __future__ import annotations

import http.client
from importlib import resources
from typing import TYPE_CHECKING

import psutil
import pytest

from mlflow_ops import commands
from mlflow_ops.sandbox import processes
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from sandbox.cloud import Cloud

PIPFILE = "[packages]\n"
SERVER = """\
cd mlflow || exit 1
echo $$ > server.pid
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true
export MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE=path
while :; do
  .venv/bin/mlflow server --backend-store-uri sqlite:///mlflow.db --workers 1 \
    --artifacts-destination s3://artifacts --host 127.0.0.1 --port {port} >> server.log 2>&1
  sleep 1
done
"""


def test_the_environment_has_mlflow(common: Cloud) -> None:
    status, printed, errors = common.run("mlflow/.venv/bin/mlflow --version")
    assert (status, errors) == (0, "")
    assert "version 3." in printed


def test_pipenv_uses_the_environment_that_is_there(common: Cloud) -> None:
    common.run("cat > mlflow/Pipfile", PIPFILE.encode())
    where = "cd mlflow && pipenv run python -c 'import sys; print(sys.prefix)'"
    status, printed, errors = common.run(where)
    assert (status, printed) == (0, f"{common.home}/mlflow/.venv\n"), errors
    status, printed, errors = common.run("cd mlflow && pipenv run mlflow --version")
    assert (status, "version 3." in printed) == (0, True), errors


def test_the_lock_is_the_shipped_one(common: Cloud) -> None:
    shipped = resources.files("mlflow_ops") / "lock" / "requirements.txt"
    assert (common.home / commands.LOCK).read_bytes() == shipped.read_bytes()


def test_systemd_is_offline(common: Cloud) -> None:
    assert common.run("systemctl is-system-running") == (1, "offline\n", "")
    status, printed, errors = common.run("systemctl restart ssh")
    assert (status, printed) == (1, "")
    assert errors.startswith("System has not been booted with systemd")


@pytest.mark.parametrize("name", ["sudo", "apt-get", "reboot", "journalctl"])
def test_what_would_change_this_machine_is_refused(common: Cloud, name: str) -> None:
    assert common.run(f"{name} -y anything") == (1, "", f"{name}: not available in the sandbox\n")


def test_the_first_boot_is_done(common: Cloud) -> None:
    assert common.run("cloud-init status --wait") == (0, "status: done\n", "")


def test_a_server_runs_stores_in_s3_and_ends_with_its_instance(cloud: Cloud) -> None:
    instance, port = cloud.launch(), cloud.sandbox.server_port
    where = {"LocationConstraint": "eu-central-1"}
    cloud.client("s3").create_bucket(Bucket="artifacts", CreateBucketConfiguration=where)
    iam = cloud.client("iam")
    iam.create_user(UserName="server")
    made = iam.create_access_key(UserName="server")["AccessKey"]
    key, secret = made["AccessKeyId"], made["SecretAccessKey"]
    credentials = f"[default]\naws_access_key_id={key}\naws_secret_access_key={secret}\n"
    cloud.run("mkdir .aws && cat > .aws/credentials", credentials.encode())
    config = f"[default]\nregion=eu-central-1\nendpoint_url={cloud.sandbox.endpoint}\n"
    cloud.run("cat > .aws/config", config.encode())
    cloud.run("cat > serve", SERVER.format(port=port).encode())
    lead = "import os; os.setsid(); os.execvp('sh', ['sh', 'serve'])"
    cloud.run(f'mlflow/.venv/bin/python -c "{lead}" </dev/null >/dev/null 2>&1 &')
    until("the server to answer", lambda: request(port, "GET", "/health") == 200, deadline=120)
    assert request(port, "PUT", "/api/2.0/mlflow-artifacts/artifacts/file", b"content") == 200
    stored = cloud.client("s3").get_object(Bucket="artifacts", Key="file")
    assert stored["Body"].read() == b"content"
    running = psutil.Process(cloud.sandbox.pid).children(recursive=True)
    cloud.terminate(instance)
    assert len(running) >= 3
    assert not [process for process in running if processes.is_alive(process)]


def request(port: int, method: str, path: str, body: bytes = b"") -> int:
    """Return the status of the server's answer, 0 if there is none."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        line.request(method, path, body)
        return line.getresponse().status
    except OSError:
        return 0
    finally:
        line.close()
