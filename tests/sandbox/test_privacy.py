"""What a sandbox shows, and what it never looks at."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import psutil

from mlflow_ops import sandbox

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from sandbox.cloud import Cloud


def test_its_files_are_private(cloud: Cloud) -> None:
    cloud.launch()
    folder = cloud.sandbox.folder
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (folder, *folder.iterdir())}
    folders = {folder.name: 0o700, "host": 0o700}
    assert modes == {name: folders.get(name, 0o600) for name in modes}
    assert len(modes) == 7


def test_its_log_holds_no_secret(cloud: Cloud) -> None:
    cloud.launch()
    s3 = cloud.client("s3")
    s3.list_buckets()
    s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    log = (cloud.sandbox.folder / "sandbox.log").read_text("utf-8")
    assert "The host is up." in log
    for secret in (cloud.sandbox.token, cloud.sandbox.secret_access_key, "Signature"):
        assert secret not in log
    assert cloud.sandbox.token not in repr(cloud.sandbox)


def test_everything_binds_loopback(cloud: Cloud) -> None:
    cloud.launch()
    listening = {
        (end.laddr.ip, end.laddr.port)
        for end in psutil.Process(cloud.sandbox.pid).net_connections("inet")
        if end.status == psutil.CONN_LISTEN
    }
    api = int(cloud.sandbox.endpoint.rsplit(":", 1)[1])
    assert listening == {("127.0.0.1", api), ("127.0.0.1", cloud.sandbox.ssh_port)}


def test_the_users_aws_environment_is_not_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".aws").mkdir()
    for name in ("config", "credentials"):
        (tmp_path / ".aws" / name).write_text("[this is no [config file")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the user's")
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:1")
    running = sandbox.start(folder)
    environment = psutil.Process(running.pid).environ()
    assert not [name for name in environment if name.startswith("AWS") or "PROXY" in name.upper()]
    assert environment["HOME"] == str(folder)
    assert json.loads((folder / "sandbox.json").read_text())["pid"] == running.pid
