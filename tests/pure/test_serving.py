"""The server's command, its files and what keeps it up, as text."""

from __future__ import annotations

import configparser
import re
from dataclasses import replace

from mlflow_ops.backup import layout
from mlflow_ops.server import keeping_up, serving

SERVING = serving.Serving(
    "b", "0.0.0.0", 5000, ("203.0.113.7", "ec2.example"), 5000, certificate="abc"
)
TAUGHT = replace(SERVING, scheme="http", certificate="", login=False)
NAMES = ("203.0.113.7", "ec2.example")
LOCAL = ("localhost", "127.0.0.1")


def test_the_server_command_is_the_tutorials_with_what_it_lacks() -> None:
    named = [f"{name}{port}" for name in NAMES for port in ("", ":5000")]
    local = [f"{name}{port}" for name in LOCAL for port in ("", ":*")]
    assert TAUGHT.command() == [
        "../.venv/bin/mlflow",
        "server",
        "--backend-store-uri",
        "sqlite:///mlflow.db",
        "--artifacts-destination",
        "s3://b/artifacts",
        "--host",
        "0.0.0.0",
        "--port",
        "5000",
        "--workers",
        "1",
        "--allowed-hosts",
        ",".join([*named, *local]),
        "--cors-allowed-origins",
        ",".join(f"http://{name}:5000" for name in NAMES),
    ]


def test_by_default_it_speaks_tls_and_asks_for_a_login() -> None:
    command = SERVING.command()
    assert command[command.index("--app-name") + 1] == "basic-auth"
    assert "--ssl-certfile ../tls.pem" in command[command.index("--uvicorn-opts") + 1]
    assert "https://203.0.113.7:5000" in command[command.index("--cors-allowed-origins") + 1]
    assert SERVING.environment()["MLFLOW_BASIC_AUTH_FAIL_CLOSED"] == "true"


def test_direct_artifacts_are_the_tutorials_default_artifact_root() -> None:
    command = replace(SERVING, direct=True).command()
    assert command[command.index("--default-artifact-root") + 1] == "s3://b/artifacts"


def test_experiments_that_were_made_proxied_keep_their_artifacts_on_a_direct_server() -> None:
    command = replace(SERVING, direct=True).command()
    assert command[command.index("--artifacts-destination") + 1] == "s3://b/artifacts"


def test_nothing_beside_the_artifacts_can_be_reached_through_the_server() -> None:
    assert not layout.BACKUPS.startswith(layout.ARTIFACTS)


def test_the_unit_restarts_the_server_and_lets_it_gain_nothing() -> None:
    lines = keeping_up.unit(SERVING, "/home/ubuntu").splitlines()
    assert "User=ubuntu" in lines
    assert "Restart=always" in lines
    assert "NoNewPrivileges=yes" in lines
    assert "WantedBy=multi-user.target" in lines
    [start] = [line for line in lines if line.startswith("ExecStart=")]
    assert start.startswith("ExecStart=/home/ubuntu/mlflow/.venv/bin/mlflow server ")
    assert "Environment=MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false" in lines


def test_the_server_does_not_see_what_only_operators_may_hold() -> None:
    [hidden] = re.findall("InaccessiblePaths=(.*)", keeping_up.unit(SERVING, "/home/ubuntu"))
    doers = ["-/run/user", "-/run/dbus", "-/run/lxd-installer.socket", "-/var/snap/lxd"]
    assert hidden.split() == ["-/home/ubuntu/.mlflow-ops", "-/home/ubuntu/.ssh", *doers]


def test_the_server_sees_nothing_through_other_processes_of_its_user() -> None:
    assert "PrivateUsers=yes" in keeping_up.unit(SERVING, "/home/ubuntu").splitlines()


def test_the_server_may_write_its_data_and_nothing_that_anybody_runs() -> None:
    unit = keeping_up.unit(SERVING, "/home/ubuntu")
    assert re.findall("ReadWritePaths=(.*)", unit) == ["/home/ubuntu/mlflow/data"]
    assert "ProtectSystem=strict" in unit
    assert "ProtectHome=read-only" in unit


def test_a_new_certificate_starts_the_server_again() -> None:
    other = replace(SERVING, certificate="def")
    assert keeping_up.unit(other, "/h") != keeping_up.unit(SERVING, "/h")
    assert keeping_up.supervisor(other) != keeping_up.supervisor(SERVING)


def test_no_text_that_others_may_read_holds_a_secret() -> None:
    texts = [
        keeping_up.unit(SERVING, "/h"),
        keeping_up.supervisor(SERVING),
        keeping_up.start_unit(),
        serving.auth_ini(),
    ]
    assert not [text for text in texts if re.search("SECRET_KEY=.|password *=", text)]


def test_teammates_read_everything_and_the_first_password_goes_once_it_is_used() -> None:
    first, later = (configparser.ConfigParser() for _ in range(2))
    first.read_string(serving.auth_ini("pass-word_1"))
    later.read_string(serving.auth_ini())
    assert first["mlflow"]["admin_password"] == "pass-word_1"
    assert later["mlflow"]["default_permission"] == "READ"
    assert "admin_password" not in later["mlflow"]
