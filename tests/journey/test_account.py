"""A stack's whole life in an account: the strict cloud's, or with `--aws` a real one.

`make test-aws` runs this very file on the account that the AWS environment leads to.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aws import remains as made
from cloud import account
from journey import double, place, sweep
from journey.conftest import document

from mlflow_ops.names import IAM_PATH, Names
from mlflow_ops.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Cli, Ran

PATIENCE = 1800.0
# On a real account the instance alone takes minutes.
pytestmark = [pytest.mark.timeout(2 * PATIENCE), double.NEEDED]


@pytest.fixture(scope="module")
def where(pytestconfig: pytest.Config) -> Iterator[place.Place]:
    """Return the account to go to; of the stack nothing is there before and after."""
    if chosen := pytestconfig.stash.get(place.CHOSEN, None):
        yield from swept(chosen)
        return
    with double.cloud() as account:
        names = Names(place.NAME, "123456789012", "eu-west-1")
        given = {**account.environment(), "AWS_REGION": names.region}
        yield from swept(
            place.Place(
                account,
                names,
                given,
                ("--allow", "127.0.0.1/32"),
                lambda folder: double.machine(folder, f"{account.endpoint}#{names.region}"),
            )
        )


def swept(there: place.Place) -> Iterator[place.Place]:
    """Yield an account without the stack, and see to it that it is so again."""
    sweep.sweep(there)
    assert sweep.remains(there) == []
    try:
        yield there
    finally:
        sweep.sweep(there)


@dataclass(frozen=True)
class Laptop:
    """A machine with a home of its own, from which commands are run on the test's stack."""

    cli: Cli
    given: dict[str, str]

    def run(self, *words: str) -> Ran:
        """Run a command, which must succeed."""
        ran = self.cli(words[0], "--name", place.NAME, *words[1:], timeout=PATIENCE, **self.given)
        assert ran.code == 0, f"{words}: {ran.out}{ran.err}"
        return ran

    def told(self, *words: str) -> Any:  # noqa: ANN401 - one JSON document
        """Run a command, and return what it says with --json."""
        return document(self.run(*words, "--json"))


def test_a_stacks_whole_life_leaves_the_account_as_it_was(
    cli: Cli, where: place.Place, tmp_path: Path, wine_csv: str
) -> None:
    before = what_is_theirs(where)
    mine = Laptop(cli, where.environment)
    other = Laptop(cli, {**where.environment, **another_home(tmp_path)})
    aws_files = tmp_path / "home" / ".aws"
    aws_files.mkdir()
    (aws_files / "credentials").write_bytes(b"[default]\naws_access_key_id = X")
    with where.machine(tmp_path / "host"):
        ids = is_made(mine, where)
        is_used(mine, wine_csv)
        is_seen_from(other, tmp_path, ids)
        is_taken_over_by(other, where, ids)
        assert other.told("down", "--yes")["left"] == []
    assert other.told("down", "--yes")["left"] == []
    mine.run("down", "--yes")
    assert sweep.remains(where) == []
    assert what_is_held(where) == before
    assert (aws_files / "credentials").read_bytes() == b"[default]\naws_access_key_id = X"
    assert [path.name for path in aws_files.iterdir()] == ["credentials"]
    assert not Path(os.environ["MLFLOW_OPS_HOME"]).exists()
    assert not (tmp_path / "other").exists()


def what_is_theirs(where: place.Place) -> dict[str, list[str]]:
    """Make things that are somebody else's, where nobody minds, and return all that is held."""
    if not where.is_real:
        ec2, s3, iam = (where.account.client(each) for each in ("ec2", "s3", "iam"))
        s3.create_bucket(Bucket="mlflow-ops-of-somebody-else")
        s3.put_object(Bucket="mlflow-ops-of-somebody-else", Key="precious", Body=b"1")
        iam.create_user(UserName="somebody", Path=IAM_PATH)
        iam.create_access_key(UserName="somebody")
        ec2.create_security_group(GroupName="mlflow-ops", Description="theirs")
        ec2.run_instances(ImageId=account.IMAGE, MinCount=1, MaxCount=1)
    return what_is_held(where)


def what_is_held(where: place.Place) -> dict[str, list[str]]:
    """Return all that the account holds, unless its owner may change it meanwhile."""
    return {} if where.is_real else where.account.holdings()


def another_home(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a laptop that has no file of ours."""
    return {"MLFLOW_OPS_HOME": str(tmp_path / "other"), "HOME": str(tmp_path / "other-home")}


def is_made(mine: Laptop, where: place.Place) -> dict[str, str]:
    """Make the stack, twice with the same result, and return its ids by step."""
    make = ("up", "--yes", *where.options)
    planned = mine.told("up", "--dry-run", *where.options)["plan"]
    assert {row["action"] for row in planned} == {"make"}
    first = mine.told(*make)
    assert (first["state"], first["region"]) == ("ready", where.names.region)
    ids = {step["step"]: step["id"] for step in first["steps"]}
    assert {step["step"]: step["id"] for step in mine.told(*make)["steps"]} == ids
    return ids


def is_used(mine: Laptop, wine_csv: str) -> None:
    """Train, check and look."""
    assert mine.told("train", "--alpha", "0.6", "--data", wine_csv)["metrics"]["rmse"] > 0
    mine.run("check")
    mine.run("run", "--", sys.executable, "-c", "import os; os.environ['MLFLOW_TRACKING_URI']")
    [stack] = [each for each in mine.told("audit")["stacks"] if each["stack"] == place.NAME]
    assert stack["state"] == "live"


def is_seen_from(other: Laptop, tmp_path: Path, ids: dict[str, str]) -> None:
    """See the stack by its tags alone, and leave no file by looking."""
    status = other.told("status")
    states = {step["step"]: step["state"] for step in status["steps"]}
    assert (status["state"], states["software"]) == ("ready", "unknown")
    going = set(other.told("down", "--dry-run")["would_destroy"])
    assert going == {ids[step] for step in ids if STEPS[step].PLACE == "aws"}
    assert not (tmp_path / "other").exists()


def is_taken_over_by(other: Laptop, where: place.Place, ids: dict[str, str]) -> None:
    """Go on with the same instance and bucket from a laptop that has no key of theirs."""
    after = other.told("up", "--yes", *where.options)
    taken = {step["step"]: step["id"] for step in after["steps"]}
    assert [taken[each] for each in ("instance", "bucket")] == [ids["instance"], ids["bucket"]]
    other.run("status")


def test_what_a_crashed_journey_has_left_is_swept(where: place.Place) -> None:
    if where.is_real:
        pytest.skip("it would make things in a real account")
    crashed = replace(where, names=replace(where.names, stack="crashed"))
    made.instance(where.account, crashed.names)
    made.bucket(where.account, crashed.names)
    name, iam = crashed.names.base, where.account.client("iam")
    iam.create_user(UserName=name, Path=IAM_PATH, Tags=crashed.names.tags)
    iam.create_access_key(UserName=name)
    assert len(sweep.remains(crashed)) >= 3
    sweep.sweep(crashed)
    assert sweep.remains(crashed) == []


@pytest.mark.parametrize(("said", "code"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_the_owner_is_told_the_account_and_the_price_and_asked(
    where: place.Place, said: str, code: int
) -> None:
    script = Path(__file__).with_name("ask.py")
    asked = subprocess.run(
        [sys.executable, str(script)],
        input=said,
        env=os.environ | where.environment | {"PYTHONPATH": str(script.parents[1])},
        text=True,
        capture_output=True,
        check=False,
    )
    assert asked.returncode == code, asked.stderr
    assert where.names.account in asked.stdout
    assert "USD an hour" in asked.stdout
