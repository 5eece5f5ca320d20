"""What the doctor finds in an account, on the strict cloud."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.credentials import Credentials
from cloud import by_hand, faults
from cloud.hurry import Ready, session
from cloud.rules.capacity import BY_ZONE
from cloud.wire import Call, answer, refusal

from mlflow_ops import regions
from mlflow_ops.aws import Aws
from mlflow_ops.doctor import account, check, preflight
from mlflow_ops.doctor.visit import AWS, HERE, Visit
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.names import TAG
from mlflow_ops.settings import Options, Settings
from mlflow_ops.stack import Stack
from mlflow_ops.target import AwsFiles, Ports, Target

if TYPE_CHECKING:
    from pathlib import Path

    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask

    from mlflow_ops.doctor.check import Check

Doctor = Callable[..., dict[str, "Check"]]
CHANGES_NOTHING = ("Describe", "Get", "List", "Simulate", "Head")
EVERYWHERE = [offer["Location"] for offer in BY_ZONE["us-east-1"]]


def visited(target: Target, **options: Any) -> dict[str, Check]:  # noqa: ANN401 - options of every kind
    """Return the checks of a visit by their names."""
    settings = Settings()
    visit = Visit(
        settings, Options(**options), lambda: target, lambda found: Stack.of(settings, found)
    )
    return {each.name: each for each in visit.checks()}


@pytest.fixture
def target(cloud: StrictCloud, tmp_path: Path) -> Target:
    """Return the empty account, seen from an address of the internet."""
    aws = Ready(session(), "us-east-1", cloud.endpoint)
    files = AwsFiles(tmp_path / "credentials", tmp_path / "config")
    return Target("aws", aws, files, Ports(9, 9), lambda: "203.0.113.7", lambda _: "192.0.2.7")


@pytest.fixture
def doctor(target: Target) -> Doctor:
    """Let the doctor look at the empty account, as somebody with all rights."""

    def look(**options: Any) -> dict[str, Check]:  # noqa: ANN401 - options of every kind
        aws = Ready(session(), "us-east-1", target.aws.endpoint)
        return visited(replace(target, aws=aws), **options)

    return look


def test_a_good_account_passes_each_check_and_nothing_in_it_is_changed(
    doctor: Doctor, cloud: StrictCloud
) -> None:
    before, calls = cloud.holdings(), list[Call]()

    def listening(call: Call, ask: Ask) -> Answer:
        calls.append(call)
        return ask()

    with cloud.also(listening):
        found = doctor(elastic=True)
    assert list(found) == [*HERE, "credentials", *AWS]
    assert {each.state for each in found.values()} == {"ok"}, found
    assert all(call.operation.startswith(CHANGES_NOTHING) for call in calls)
    assert cloud.holdings() == before
    assert "arn:aws:iam::123456789012:user/operator" in found["credentials"].what
    assert "0 of 32 vCPUs are in use in us-east-1, and the stack takes 2." in str(found)


def test_an_account_without_a_default_vpc_hears_how_to_make_one(
    doctor: Doctor, cloud: StrictCloud
) -> None:
    body = "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>"
    with cloud.also(instead("DescribeVpcs", body)):
        found = doctor()
    for name in ("network", "instance type"):
        assert found[name].state == "fail"
        assert "has no default VPC in us-east-1" in found[name].what
        assert "`aws ec2 create-default-vpc --region us-east-1`" in found[name].cure
    assert found["vcpu quota"].state == found["stack"].state == "ok"


def instead(operation: str, body: str) -> Callable[[Call, Ask], Answer]:
    """Return a rule that answers an operation with this."""

    def rule(call: Call, ask: Ask) -> Answer:
        return answer(body) if call.operation == operation else ask()

    return rule


def test_a_type_that_is_not_offered_is_a_warning_until_somebody_names_it(
    doctor: Doctor, cloud: StrictCloud
) -> None:
    cloud.capacity.lacking = {("t3.micro", zone) for zone in EVERYWHERE}
    found = doctor()["instance type"]
    assert (found.state, "`up` would take t4g.micro" in found.what) == ("warn", True)
    named = doctor(instance_type="t3.micro")["instance type"]
    assert (named.state, named.cure.startswith("These would do")) == ("fail", True)


def test_the_free_plan_is_told_with_its_end_and_what_it_allows(
    doctor: Doctor, cloud: StrictCloud
) -> None:
    cloud.capacity.free = ("t3.micro", "t4g.micro")
    assert doctor()["plan"].what == (
        "The account is on AWS's free plan (87.20 USD of credit left, until 2026-09-21), which "
        "allows t3.micro."
    )
    named = doctor(instance_type="t3.large")["plan"]
    assert (named.state, "--instance-type (t3.micro, t4g.micro)" in named.cure) == ("fail", True)
    cloud.capacity.free = ("t4g.micro",)
    assert doctor()["plan"].state == "warn"  # `up` takes the other type by itself
    cloud.quotas.expired = True
    assert (doctor()["plan"].state, doctor()["plan"].what[-20:]) == ("fail", ", which has expired.")


def test_the_vcpus_of_what_runs_count_against_the_quota(doctor: Doctor, cloud: StrictCloud) -> None:
    others: Any = [{"Key": TAG}]
    cloud.client("ec2").delete_tags(Resources=[by_hand.network(cloud)], Tags=others)
    cloud.capacity.vcpus = 4

    def two_cores(_: Call, ask: Ask) -> Answer:
        said = (
            b"<cpuOptions><coreCount>3</coreCount><threadsPerCore>1</threadsPerCore></cpuOptions>"
        )
        small = ask().saying(b"m1.small", b"m7i.large")
        return small.saying(b"<monitoring>", said + b"<monitoring>")

    with cloud.also(two_cores):
        found = doctor()["vcpu quota"]
    assert found.state == "fail"
    assert "3 of 4 vCPUs are in use in us-east-1, and the stack takes 2" in found.what
    assert "--quota-code L-1216C47A --desired-value 7 --region us-east-1" in found.cure
    cloud.capacity.vcpus = 5
    with cloud.also(two_cores):
        assert doctor()["vcpu quota"].state == "ok"


def test_another_familys_quota_is_not_claimed_to_be_known(doctor: Doctor) -> None:
    found = doctor(instance_type="p3.2xlarge")["vcpu quota"]
    assert (found.state, "quota of its own" in found.what) == ("unknown", True)


def test_elastic_ips_are_counted_only_for_who_wants_one(doctor: Doctor, cloud: StrictCloud) -> None:
    cloud.addresses.most = 1
    cloud.client("ec2").allocate_address(Domain="vpc")
    assert "elastic ip" not in doctor()
    found = doctor(elastic=True)["elastic ip"]
    assert (found.state, "L-0263D0A3" in found.cure) == ("fail", True)


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_is_told_with_what_says_it(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "us-east-1")
    assert f"us-east-1 (by {name})" in doctor()["region"].what


def test_up_says_alone_of_what_it_cannot_know_what_a_policy_could_cure(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    said: list[str] = []
    with cloud.also(faults.denying("GetServiceQuota")):
        preflight.check(stack, {}, tmp_path, said.append)
    assert ["GetServiceQuota" in each for each in said] == [True]


def test_up_does_not_begin_where_the_profile_could_not_be_written(
    stack: Stack, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    files = AwsFiles(tmp_path / "file" / "credentials", tmp_path / "file" / "config")
    there = replace(stack, target=replace(stack.target, aws_files=files))
    with pytest.raises(MlflowOpsError, match=r"is not a folder.*Nothing was begun: see to"):
        preflight.check(there, {}, tmp_path, print)


def test_what_only_the_doctor_asks_may_be_denied_and_is_then_unknown(
    doctor: Doctor, cloud: StrictCloud
) -> None:
    asked = ("GetServiceQuota", "GetAccountPlanState")
    with cloud.also(faults.denying(*asked)):
        found = doctor(elastic=True)
    for name in ("vcpu quota", "elastic ip", "plan"):
        assert found[name].state == "unknown", found[name]
        assert "does not allow" in found[name].what
        assert "`mlflow-ops policy" in found[name].cure
    assert not [each for each in found.values() if each.state == "fail"]


def test_somebody_elses_user_of_our_name_is_found_before_up_meets_it(
    doctor: Doctor, cloud: StrictCloud
) -> None:
    cloud.client("iam").create_user(UserName=by_hand.BASE)
    found = doctor()["stack"]
    assert (found.state, "without the tag" in found.what) == ("fail", True)
    assert "Take another --name" in found.cure + found.what


def test_a_stack_that_stands_is_told_with_its_parts_and_its_url_is_asked(
    doctor: Doctor, cloud: StrictCloud
) -> None:
    cloud.states.pending = cloud.states.unseen = 0
    instance = by_hand.network(cloud)
    found = doctor()
    assert f"instance {instance}" in found["stack"].what
    assert found["url"].state == "fail"  # nobody serves there
    assert "The server at https://127.0.0.1:9 does not answer (" in found["url"].what


def test_without_credentials_the_rest_is_looked_at_all_the_same(target: Target) -> None:
    nobody = Aws(Nobody(), "us-east-1", "http://127.0.0.1:9")
    found = visited(replace(target, aws=nobody))
    assert list(found) == [*HERE, "credentials", *(name for name in AWS if name != "elastic ip")]
    assert found["aws files"].state == "ok"
    assert found["credentials"].state == "fail"
    assert "run `aws configure`" in found["credentials"].cure
    assert (found["python"].state, found["address"].state) == ("ok", "ok")
    others = [found[name] for name in AWS if name not in {"address", "aws files", "elastic ip"}]
    assert {each.state for each in others} == {"unknown"}


class Nobody(boto3.Session):
    """A session of somebody who has no credentials, wherever the machine might have some."""

    def get_credentials(self) -> None:
        """Return none."""

    def client(self, *_: object, **__: object) -> Any:  # noqa: ANN401 - as boto3 has it
        """Raise what a call without credentials raises."""
        from botocore.exceptions import NoCredentialsError  # noqa: PLC0415 - only here

        raise NoCredentialsError


def test_the_root_user_is_warned(doctor: Doctor, cloud: StrictCloud) -> None:
    cloud.simulation.caller = "arn:aws:iam::123456789012:root"
    found = doctor()
    assert (found["credentials"].state, found["permissions"].state) == ("warn", "ok")
    assert "root user" in found["credentials"].what
    assert "`mlflow-ops policy`" in found["credentials"].cure


def test_a_session_that_ends_soon_is_told_in_utc_and_of_the_keys_that_are_taken(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = target.aws.now().replace(microsecond=0)
    there = now.astimezone(timezone(timedelta(hours=5, minutes=30)))
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", there.isoformat())

    def told(method: str) -> check.Finding:
        aws = replace(target.aws, session=Session(method))
        return account.credentials(replace(target, aws=aws))

    found = told("env")
    assert found.state == "warn"
    assert f"The session ends at {now:%H:%M} UTC" in found.what
    assert told("shared-credentials-file").state == "ok"  # it is said of other keys
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2099-01-01T00:00:00Z")
    assert told("env").state == "ok"


class Session(boto3.Session):
    """A session whose keys are from this place."""

    def __init__(self, method: str) -> None:
        super().__init__("test", "test")
        self.method = method

    def get_credentials(self) -> Any:  # noqa: ANN401 - as boto3 has it
        """Return keys as botocore found them there."""
        return Credentials("test", "test", method=self.method)


def test_a_session_that_ends_meanwhile_is_told_once_with_its_cure(
    doctor: Doctor, cloud: StrictCloud
) -> None:
    def over(call: Call, ask: Ask) -> Answer:
        later = call.operation not in {"GetCallerIdentity", "SimulatePrincipalPolicy"}
        return refusal(call, "ExpiredToken", "The token has expired.") if later else ask()

    with cloud.also(over):
        found = doctor()["stack"]
    assert (found.state, found.what) == ("fail", "The AWS credentials have expired.")
    assert found.cure.startswith("sign in again (`aws sso login`)")


def test_a_region_that_aws_does_not_have_is_the_one_thing_to_cure() -> None:
    def nowhere() -> Target:
        regions.check("nowhere-1", boto3.Session())
        raise AssertionError

    settings = Settings(region="nowhere-1")
    visit = Visit(settings, Options(allow=("203.0.113.7/32",)), nowhere, unmade)
    found = {each.name: each for each in visit.checks()}
    assert [name for name, each in found.items() if each.state == "fail"] == ["region"]
    assert (found["address"].state, "elastic ip" in found) == ("ok", False)


def unmade(_: Target) -> Stack:
    raise AssertionError


def test_a_sandbox_that_runs_is_looked_at_too(target: Target, cloud: StrictCloud) -> None:
    cloud.states.pending = cloud.states.unseen = 0
    by_hand.network(cloud)
    settings = Settings(sandbox=True)
    visit = Visit(settings, Options(), lambda: target, lambda t: Stack.of(Settings(), t))
    found = {each.name: each for each in visit.checks()}
    assert [*found] == [*HERE, "sandbox", "stack", "url"]
    assert (found["stack"].state, found["url"].state) == ("ok", "fail")  # nobody serves there
