"""How much the account may have at once, held against what it has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.doctor.check import FAIL, OK, UNKNOWN, Finding, of
from mlflow_ops.ec2 import instance_types, instances
from mlflow_ops.refusals.limits import QUOTAS, VCPUS

if TYPE_CHECKING:
    from mlflow_ops.records import ElasticIp
    from mlflow_ops.refusals.limits import Quota
    from mlflow_ops.target import Target

# The families that share a quota; the others (P, G, Inf, …) have their own:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits
STANDARD = re.compile(r"(im|is|[acdhimrtz])\d")
ADDRESSES = QUOTAS["AddressLimitExceeded"]


def vcpus(target: Target, instance_type: str, *, runs: bool = False) -> Finding:
    """Tell whether one more instance of the type would keep within the account's quota.

    One that `runs` asks for no more. Nothing is known of a type of another family. A quota that
    cannot be read is an unknown one.
    """
    if runs:
        return Finding(OK, f"The stack's {instance_type} runs, and asks for no more vCPUs.")
    if not STANDARD.match(instance_type):
        return Finding(UNKNOWN, f"{instance_type} has a quota of its own, not looked at here.")
    asked = _limit(target, VCPUS)
    if isinstance(asked, Finding):
        return asked
    used, more = _running(target), instance_types.vcpus(target, instance_type)
    return _held(target, VCPUS, "vCPUs", (used, more, asked))


def addresses(target: Target, held: ElasticIp | None = None) -> Finding:
    """Tell whether one more Elastic IP would keep within the account's quota, if one is needed."""
    if held:
        return Finding(OK, f"The stack has its Elastic IP {held.address}, and asks for no more.")
    asked = _limit(target, ADDRESSES)
    if isinstance(asked, Finding):
        return asked
    used = len(target.aws.ec2.describe_addresses()["Addresses"])
    return _held(target, ADDRESSES, "Elastic IPs", (used, 1, asked))


def _held(target: Target, quota: Quota, unit: str, counts: tuple[int, int, int]) -> Finding:
    used, more, limit = counts
    region = target.aws.region
    what = f"{used} of {limit} {unit} are in use in {region}, and the stack takes {more}"
    if used + more <= limit:
        return Finding(OK, f"{what}.")
    cure = quota.cure(f"limit of {max(limit, used + more)}", region)
    return Finding(FAIL, f"{what}: that is more than the account's quota {quota.name!r}.", cure)


def _limit(target: Target, quota: Quota) -> int | Finding:
    ask = target.aws.quotas.get_service_quota
    try:
        return int(ask(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]["Value"])
    except (sdk.BotoCoreError, sdk.ClientError, KeyError) as error:
        if isinstance(error, KeyError):
            return Finding(UNKNOWN, f"AWS does not tell the quota {quota.name!r}.")
        return of(UNKNOWN, error)


def _running(target: Target) -> int:
    """Return how many vCPUs the running instances of the standard families have at least."""
    running: Any = [{"Name": "instance-state-name", "Values": instances.RUNS}]
    pages = target.aws.ec2.get_paginator("describe_instances").paginate(Filters=running)
    held = (one for page in pages for each in page["Reservations"] for one in each["Instances"])
    return sum(_size(one) for one in held)


def _size(one: Any) -> int:  # noqa: ANN401 - AWS's own description
    if one.get("InstanceLifecycle") or not STANDARD.match(one["InstanceType"]):
        return 0  # spot instances have quotas of their own
    cores = one.get("CpuOptions", {})
    return int(cores.get("CoreCount", 1)) * int(cores.get("ThreadsPerCore", 1))
