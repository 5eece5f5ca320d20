"""What a user can get wrong: one clear sentence, the documented exit code, nothing changed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from cloud import account, backends, server

from mlflow_ops import lease, settings
from mlflow_ops.cli.sentences import known
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from conftest import Cli, Ran

UP = ("up", "--yes", "--allow", "127.0.0.1/32", "--ami", account.IMAGE)


def assert_refused(ran: Ran, code: int, *words: str) -> None:
    """See one sentence with these words, this exit code, and no traceback."""
    said = ran.err + ran.out
    assert ran.code == code, said
    assert "Traceback" not in said
    assert said.count("Error: ") == 1, said
    for word in words:
        assert word in said


def assert_nothing_made(cloud: account.Account, before: dict[str, list[str]]) -> None:
    """See that neither the cloud nor this machine has anything new."""
    assert cloud.holdings() == before
    assert not Path(os.environ["MLFLOW_OPS_HOME"]).exists()
    assert not (Path(os.environ["HOME"]) / ".aws").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--region", "mars-1"), 2, "mars-1"),
        (("--profile", "nobody"), 2, "nobody"),
        (("--allow", "10.0.0.1/99"), 2, "10.0.0.1/99"),
        (("--name", "Bad_Name"), 2, "Bad_Name"),
        (("--instance-type", "t9.nano"), 2, "t9.nano"),
        (("--subnet-id", "subnet-none"), 2, "subnet-none"),
        (("--vpc-id", "vpc-none"), 2, "vpc-none"),
        (("--artifacts", "sideways"), 2, "sideways"),
        (("--no-such-option",), 2, "--no-such-option"),
    ],
)
def test_an_option_that_cannot_be_right_is_a_usage_error(
    cli: Cli, cloud: account.Account, words: tuple[str, ...], code: int, said: str
) -> None:
    before = cloud.holdings()
    assert_refused(cli(*UP, *words, **cloud.environment()), code, said)
    assert_nothing_made(cloud, before)


def test_without_credentials_the_cures_are_named(cli: Cli, cloud: account.Account) -> None:
    before = cloud.holdings()
    for command in (UP, ("status",), ("train", "--data", "sample"), ("down", "--yes")):
        ran = cli(*command, AWS_ENDPOINT_URL=cloud.endpoint)
        assert_refused(ran, 1, "aws configure", "--sandbox")
    assert_nothing_made(cloud, before)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "have expired: sign in again"),
        ("InvalidClientTokenId", "does not accept the credentials"),
        ("AccessDenied", "GetCallerIdentity"),
    ],
)
def test_credentials_that_aws_refuses_are_said(cli: Cli, code: str, words: str) -> None:
    with refusing(code) as endpoint:
        ran = cli(*UP, **account.Account(endpoint).environment())
    assert_refused(ran, 1, words)
    assert not Path(os.environ["MLFLOW_OPS_HOME"]).exists()


def test_an_aws_that_cannot_be_reached_is_said(cli: Cli) -> None:
    given = account.Account("http://127.0.0.1:9").environment()
    assert_refused(cli("status", **given, AWS_MAX_ATTEMPTS="1"), 1, "could not be reached")


def test_with_json_the_error_is_one_document_too(cli: Cli) -> None:
    ran = cli("status", "--json", "--region", "mars-1")
    assert ran.code == 2
    assert "mars-1" in json.loads(ran.out)["error"]


def test_a_vpc_less_region_names_the_cure(cli: Cli, cloud: account.Account) -> None:
    ec2 = cloud.client("ec2")
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        ec2.delete_vpc(VpcId=vpc["VpcId"])
    before = cloud.holdings()
    ran = cli(*UP, **cloud.environment())
    assert_refused(ran, 1, "aws ec2 create-default-vpc --region us-east-1", "--vpc-id")
    assert_nothing_made(cloud, before)


def test_without_an_image_the_option_is_named(cli: Cli, cloud: server.StrictCloud) -> None:
    cloud.ubuntu.on = False
    backends.ec2("us-east-1").amis.clear()
    before = cloud.holdings()
    words = ("up", "--yes", "--allow", "127.0.0.1/32")
    assert_refused(cli(*words, **cloud.environment()), 1, "Ubuntu 24.04", "--ami")
    assert_nothing_made(cloud, before)


@pytest.mark.parametrize("kind", ["user", "bucket", "key_pair", "group", "profile"])
def test_a_clash_with_what_is_not_ours_stops_up_before_it_begins(
    cli: Cli, cloud: account.Account, kind: str, tmp_path: Path
) -> None:
    name = "mlflow-ops-mlflow-us-east-1"
    if kind == "user":
        cloud.client("iam").create_user(UserName=name)
    if kind == "key_pair":
        cloud.client("ec2").create_key_pair(KeyName=name)
    if kind == "group":
        cloud.client("ec2").create_security_group(GroupName=name, Description="theirs")
    if kind == "bucket":
        name = "mlflow-ops-mlflow-123456789012-us-east-1-an"
        cloud.client("s3").create_bucket(Bucket=name, BucketNamespace="account-regional")
    own = tmp_path / "config"
    if kind == "profile":
        own.write_text(f"[profile {name}]\nregion = eu-west-1\n")
    before = cloud.holdings()
    given = {**cloud.environment(), "AWS_CONFIG_FILE": str(own)}
    assert_refused(cli(*UP, **given), 1, name, "not ours")
    assert cli("down", "--yes", **given).code == 0
    assert_nothing_made(cloud, before)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("123456789012.eu-west-1", ("eu-west-1", "--region")),
        ("999999999999.us-east-1", ("999999999999", "--profile")),
    ],
)
def test_a_stack_that_stands_elsewhere_is_refused_not_guessed(
    cli: Cli, cloud: account.Account, place: str, words: tuple[str, ...]
) -> None:
    before = cloud.holdings()
    folder = Path(os.environ["MLFLOW_OPS_HOME"]) / "stacks" / "mlflow" / "stack" / place
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").write_text("")
    for command in (UP, ("status",), ("down", "--yes"), ("train",), ("run", "true")):
        assert_refused(cli(*command, **cloud.environment()), 1, *words)
    assert cloud.holdings() == before
    assert [path.name for path in folder.parent.iterdir()] == [place]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--alpha", "-1"), 2, "alpha"),
        (("--l1-ratio", "1.5"), 2, "l1_ratio"),
        (("--alpha", "nan"), 2, "alpha"),
        (("--alpha", "much"), 2, "--alpha"),
        (("--tracking-uri", "http://127.0.0.1:9", "--data", "sample"), 1, "127.0.0.1:9"),
        (("--tracking-uri", "http://127.0.0.1:9", "--data", "/no/such.csv"), 1, "/no/such.csv"),
    ],
)
def test_a_training_that_cannot_be_is_refused(
    cli: Cli, words: tuple[str, ...], code: int, said: str
) -> None:
    assert_refused(cli("train", *words), code, said)


def test_data_without_its_columns_names_them(cli: Cli, tmp_path: Path) -> None:
    data = tmp_path / "bad.csv"
    data.write_text('"pH";"quality"\n3.1;5\n')
    ran = cli("train", "--tracking-uri", "http://127.0.0.1:9", "--data", str(data))
    assert_refused(ran, 1, "bad.csv", "alcohol")


def test_without_a_stack_train_run_and_check_say_how_to_make_one(
    cli: Cli, cloud: account.Account
) -> None:
    for words in (("train", "--data", "sample"), ("check",), ("run", "--", "true")):
        assert_refused(cli(*words, **cloud.environment()), 3, "mlflow-ops up")


def test_nobody_there_to_be_asked_is_said_before_anything_is_made(
    cli: Cli, cloud: account.Account
) -> None:
    before = cloud.holdings()
    ran = cli("up", *UP[2:], **cloud.environment())
    assert_refused(ran, 2, "--yes")
    assert "iam_user" in ran.out
    assert_nothing_made(cloud, before)


# Two that print a result, and one that prints an error.
PRINTING = [("policy",), ("down", "--sandbox", "--yes"), ("status", "--sandbox", "--json")]


def printed_to(stdout: int, *words: str) -> tuple[int, str]:
    """Run the command line with this as stdout, buffered as usual; return its code and stderr."""
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("mlflow-ops")), *words],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
@pytest.mark.parametrize("words", PRINTING)
def test_a_full_disk_is_said_in_one_sentence(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        code, said = printed_to(full.fileno(), *words)
    assert code == 1
    assert "The disk is full: make room, and run the same command again." in said
    assert said.count("Error: ") == 1
    assert "Traceback" not in said
    assert "Exception" not in said


@pytest.mark.parametrize("words", PRINTING)
def test_a_closed_pipe_ends_it_quietly(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    code, said = printed_to(writing, *words)
    os.close(writing)
    assert code == 141  # as SIGPIPE's end is counted by a shell
    assert "Error" not in said
    assert "Traceback" not in said


def test_a_file_that_found_no_room_is_named() -> None:
    said = str(known(OSError(errno.ENOSPC, "No space left on device", "/home/me/x")))
    assert said.startswith("The disk is full (/home/me/x): make room")


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("no username")])
def test_a_user_without_a_name_is_known_by_number(error: Exception) -> None:
    def nobody() -> str:
        raise error

    assert lease.user(nobody) == str(os.getuid())


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_OPS_HOME", "~nobody-of-this-name/files")
    with pytest.raises(BadOption, match="set MLFLOW_OPS_HOME"):
        settings.default_home()


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def refusing(code: str) -> Iterator[str]:
    """Serve an AWS that answers everything with this error, as STS words it."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start("403 Forbidden", [("Content-Type", "text/xml")])
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>"
        return [f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()]

    with make_server("127.0.0.1", 0, answer, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_could_not_be_looked_at_is_in_downs_document_too(
    cli: Cli, cloud: account.Account
) -> None:
    unreachable = {"AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API": "http://127.0.0.1:9"}
    ended = cli("down", "--yes", "--json", **cloud.environment(), **unreachable)
    told = json.loads(ended.out)
    assert (ended.code, told["left"]) == (3, [])
    assert "could not be reached" in told["failures"][0]
