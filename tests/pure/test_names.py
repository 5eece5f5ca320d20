"""Names, settings and the documents that are only said, not done."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_ops import commands, policies
from mlflow_ops.errors import BadOption
from mlflow_ops.names import REGION_TAG, TAG, Names, checked
from mlflow_ops.settings import Options, Settings

LONGEST_REGION = "ap-southeast-1"
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


@given(st.from_regex(r"[a-z]([a-z0-9]|-(?=[a-z0-9])){0,18}[a-z0-9]?", fullmatch=True))
def test_every_good_name_makes_good_bucket_and_user_names(name: str) -> None:
    names = Names(checked(name), "123456789012", LONGEST_REGION)
    assert BUCKET.fullmatch(names.bucket)
    assert len(names.base) <= 64


@pytest.mark.parametrize(
    "name", ["", "A", "1a", "a_b", "a-", "-a", "a--b", "a" * 21, "a b", "a;b", "a\n", "ä"]
)
def test_a_bad_stack_name_is_refused_with_what_would_do(name: str) -> None:
    with pytest.raises(BadOption, match="lower-case letters"):
        Settings(name=name)


def test_the_bucket_is_in_the_accounts_own_namespace_where_there_is_one() -> None:
    assert Names("s", "1" * 12, "eu-west-1").bucket == "mlflow-ops-s-111111111111-eu-west-1-an"
    assert Names("s", "1" * 12, "me-south-1").bucket == "mlflow-ops-s-111111111111-me-south-1"


def test_two_regions_accounts_or_stacks_share_no_name() -> None:
    kinds = [
        Names(stack, account, region)
        for stack in ("a", "b")
        for account in ("1" * 12, "2" * 12)
        for region in ("eu-west-1", "us-east-1")
    ]
    assert len({names.bucket for names in kinds}) == len(kinds)
    assert len({(names.account, names.base) for names in kinds}) == len(kinds)


@pytest.mark.parametrize("text", ["10.0.0.1/33", "10.0.0.5/24", "me", "", "1.2.3", "1.2.3.4/-1"])
def test_a_bad_address_range_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadOption, match=r"203\.0\.113\.7/32"):
        Options(allow=(text,))


def test_an_address_range_is_brought_into_its_one_form() -> None:
    assert Options(allow=("198.51.100.7", "198.51.100.7/32", "2001:DB8::/32")).allow == (
        "198.51.100.7/32",
        "2001:db8::/32",
    )


def test_the_servers_policy_names_its_own_bucket_and_nothing_else() -> None:
    policy = policies.server_policy("b", "aws-cn")
    resources = [statement["Resource"] for statement in policy["Statement"]]
    actions = [action for statement in policy["Statement"] for action in statement["Action"]]
    assert resources == ["arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b/*"]
    assert not [action for action in actions if "*" in action]
    assert {"s3:GetObject", "s3:PutObject", "s3:ListBucket"} <= set(actions)


def test_the_hosts_aws_files_are_what_aws_configure_writes() -> None:
    assert commands.aws_credentials("AKIA1", "s") == (
        "[default]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n"
    )
    assert commands.aws_config("eu-west-1", None) == (
        "[default]\nregion = eu-west-1\noutput = json\n"
    )
    assert "endpoint_url = http://e" in commands.aws_config("eu-west-1", "http://e")


def test_facts_are_read_line_by_line() -> None:
    assert commands.parse_facts("a=1\nnoise\nb=x=y\n") == {"a": "1", "b": "x=y"}


@pytest.mark.parametrize(
    ("tags", "ours"),
    [
        ({TAG: "mlflow", REGION_TAG: "us-east-1"}, True),
        ({TAG: "mlflow"}, True),  # as a resource without the second tag, put on by hand
        ({TAG: "mlflow", REGION_TAG: "eu-west-1"}, False),
        ({TAG: "other", REGION_TAG: "us-east-1"}, False),
        ({"Name": "mlflow-ops-mlflow-us-east-1"}, False),
        ({}, False),
    ],
)
def test_a_resource_is_ours_by_the_tags_of_this_very_stack_and_region(
    tags: dict[str, str], *, ours: bool
) -> None:
    names = Names("mlflow", "123456789012", "us-east-1")
    assert names.own([{"Key": key, "Value": value} for key, value in tags.items()]) == ours
