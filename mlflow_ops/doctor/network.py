"""Where an instance could stand, and of which type: the same questions that `up` asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops import choices
from mlflow_ops.doctor.check import FAIL, OK, UNKNOWN, WARN, Finding, of
from mlflow_ops.ec2 import instance_types, subnets
from mlflow_ops.wanted import Wanted, first_type

if TYPE_CHECKING:
    from mlflow_ops.records import Instance
    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target

FREE = "The account is on AWS's free plan"
UPGRADE = "https://console.aws.amazon.com/billing/home#/freetier upgrades the plan"


def network(target: Target, options: Options, *, private: bool = False) -> Finding:
    """Tell which subnets an instance could stand in. Raises BadOption where there is none."""
    found = subnets.candidates(options, target, private=private)
    default = "" if options.vpc_id or options.subnet_id else ", the default VPC"
    many, kind = "" if len(found) == 1 else "s", "private" if private else "public"
    return Finding(OK, f"{found[0].vpc_id}{default}, has {len(found)} {kind} subnet{many}.")


def instance_type(target: Target, options: Options, *, private: bool = False) -> Finding:
    """Tell whether AWS has the type there, and an image. Raises BadOption where none would do."""
    first = wished(options)
    settled = choices.placed(first_in(target, options, private=private), target)
    image = options.ami or choices.newest_ubuntu(target, settled.instance_type)
    zones = ", ".join(each.zone for each in settled.places)
    if settled.remark:
        what = f"{settled.remark}: `up` would take {settled.instance_type}, in {zones}."
        return Finding(WARN, what, f"name another VPC or region if it must be a {first}")
    return Finding(OK, f"{settled.instance_type} is offered in {zones}; the image is {image}.")


def first_in(target: Target, options: Options, *, private: bool = False) -> Wanted:
    """Return what `up` would begin to choose from."""
    possible = subnets.candidates(options, target, private=private)
    return Wanted(
        wished(options),
        allow=(),
        vpc_id=possible[0].vpc_id,
        subnets=possible,
        named=options.named,
        ami=options.ami or "",
    )


def plan(target: Target, options: Options, standing: Instance | None = None) -> Finding:
    """Tell which plan the account is on, and whether that allows the type."""
    found = going_on(target)
    free = found.what.startswith(FREE) and found.state == OK
    return _eligible(target, options, found.what.rstrip(".")) if free and not standing else found


def going_on(target: Target) -> Finding:
    """Tell which plan the account is on, and whether that has not expired."""
    try:
        told: Any = target.aws.plan.get_account_plan_state()
    except (sdk.BotoCoreError, sdk.ClientError) as error:
        return of(UNKNOWN, error)
    if told["accountPlanType"] != "FREE":
        return Finding(OK, "The account is on the paid plan, which allows every instance type.")
    free = f"{FREE}{_rest(told)}"
    if told["accountPlanStatus"] == "EXPIRED":
        return Finding(FAIL, f"{free}, which has expired.", UPGRADE)
    return Finding(OK, f"{free}.")


def _eligible(target: Target, options: Options, free: str) -> Finding:
    name = wished(options)
    if instance_types.described(target, name).get("FreeTierEligible"):
        return Finding(OK, f"{free}, which allows {name}.")
    asked: Any = [instance_types.FREE]
    pages = target.aws.ec2.get_paginator("describe_instance_types").paginate(Filters=asked)
    would_do = sorted(each["InstanceType"] for page in pages for each in page["InstanceTypes"])
    cure = f"name one that it allows with --instance-type ({', '.join(would_do)}); or {UPGRADE}"
    # Where nobody named the type, `up` takes another when AWS refuses it.
    state = FAIL if options.instance_type or not would_do else WARN
    return Finding(state, f"{free}, which does not allow {name}.", cure)


def _rest(told: Any) -> str:  # noqa: ANN401 - AWS's own description
    """Say what is left of a free plan."""
    credit, end = told.get("accountPlanRemainingCredits"), told.get("accountPlanExpirationDate")
    left = [f"{credit['amount']:.2f} {credit['unit']} of credit left"] if credit else []
    left += [f"until {end:%Y-%m-%d}"] if end else []
    return f" ({', '.join(left)})" if left else ""


def wished(options: Options) -> str:
    """Return the instance type that `up` would begin with."""
    return first_type(options)
