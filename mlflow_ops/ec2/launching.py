"""Launching one instance, and never a second: where there is room, of a type that may be had."""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.choices import other_type
from mlflow_ops.ec2 import instance_types, instances, launches
from mlflow_ops.ec2.attaching import NEW_PROFILE
from mlflow_ops.ec2.launches import Launch
from mlflow_ops.errors import AwsRefused, BadOption
from mlflow_ops.retry import while_unknown
from mlflow_ops.shape import Shape
from mlflow_ops.ssh import ssh_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.records import Instance
    from mlflow_ops.stack import Stack
    from mlflow_ops.wanted import Wanted

# What EC2 says of one zone, or one subnet, and another may have:
# https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
FULL = {"InsufficientInstanceCapacity", "InsufficientFreeAddressesInSubnet", "Unsupported"}
USED_UP = {"IdempotentInstanceTerminated", "IdempotentParameterMismatch"}
# What a new group or key pair is for a moment.
UNKNOWN = ("InvalidGroup.NotFound", "InvalidKeyPair.NotFound", "InvalidSecurityGroupID.NotFound")
OPTIONS = {"type": "instance_type", "subnet": "subnet_id", "image": "ami"}


def launch(stack: Stack) -> Instance:
    """Launch the instance, or get the one that a stopped run has asked for.

    Tries the zones one after the other and, where the account's plan does not have a type that
    nobody named, another type. Raises AwsRefused with what would do.
    """
    asked = stack.journal.open_question("instance")
    if asked and "token" in asked and (made := _again(stack, asked)):
        return made
    try:
        return _where_there_is_room(stack)
    except sdk.ClientError as error:
        if not _beyond_the_plan(error):
            raise
        wanted = stack.want()
        why = f"The account's plan does not include a {wanted.instance_type}"
        other = other_type(wanted, stack.target, why, AwsRefused)
    stack.voice.say(f"{why}: launching a {other.instance_type} instead")
    return _where_there_is_room(replace(stack, wanted=other))


def _again(stack: Stack, asked: Mapping[str, str]) -> Instance | None:
    """Repeat the very same call, whose answer is not known; None when nothing came of it."""
    wanted = stack.want()
    now = Launch.of(asked["token"], wanted, wanted.subnet_id)
    same = replace(now, **{name: asked[name] for name in asdict(now) if name in asked})
    _check_unchanged(wanted, now, same)
    made: Instance | None
    try:
        made = _ask(stack, same)
    except sdk.ClientError as error:
        if code(error) not in FULL | USED_UP and not _beyond_the_plan(error):
            raise
        made = instances.alive(stack)
    return made if made and made.state in instances.ALIVE else None


def _check_unchanged(wanted: Wanted, now: Launch, same: Launch) -> None:
    """Raise BadOption when the user has named something else since."""
    held = {o: getattr(same, field) for field, o in OPTIONS.items() if o in wanted.named}
    said = {o: getattr(now, field) for field, o in OPTIONS.items()}
    shape = Shape.of(same.shape)
    for option in ("address", "credentials"):
        held[option], said[option] = getattr(shape, option), getattr(wanted.shape, option)
    for option, before in held.items():
        if before != said[option]:
            flag = f"--{option.replace('_', '-')}"
            raise BadOption(
                f"A run that was stopped has asked AWS for an instance with {flag} {before}, and "
                f"may have got it: say {flag} {before} too, or `mlflow-ops down --keep-data` first."
            )


def _where_there_is_room(stack: Stack) -> Instance:
    """Launch in the first zone that has room."""
    wanted, tried = stack.want(), list[str]()
    ssh_key.generate(stack.folder.launch_host_key)  # no two hosts are born with the same
    for place in wanted.places:
        new = Launch.of(secrets.token_hex(16), wanted, place.id)
        try:
            return _ask(stack, new)
        except sdk.ClientError as error:
            if code(error) not in FULL:
                raise
            tried.append(place.zone or place.id)
            stack.voice.say(f"no {new.type} to be had in {tried[-1]}: {code(error)}")
            last = error
    raise AwsRefused(_nowhere(stack, tried, last)) from last


def _nowhere(stack: Stack, tried: list[str], last: sdk.ClientError) -> str:
    wanted = stack.want()
    zones = {each.zone for each in wanted.places}
    would_do = instance_types.suitable(stack.target, zones, None, but=wanted.instance_type)
    alone = " of --subnet-id" if "subnet_id" in wanted.named else ""
    said = last.response.get("Error", {}).get("Message", "")
    return (
        f"AWS has no {wanted.instance_type} to give now in {', '.join(tried)}, which is all there "
        f"is to try{alone}. {instance_types.advice(would_do)} Or run the same command again later. "
        f"AWS said last: {code(last)}: {said}"
    )


def _ask(stack: Stack, launch: Launch) -> Instance:
    """Ask for the instance, as soon as EC2 knows the new group and key pair."""
    events: Any = stack.aws.ec2.meta.events
    events.register("needs-retry.ec2.RunInstances", _not_again, unique_id="mlflow-ops-full")
    ask = partial(stack.aws.ec2.run_instances, **launches.request(stack, launch))
    with stack.journal.asking("instance", **asdict(launch)) as made:
        found = while_unknown(ask, *UNKNOWN, clock=stack.clock, said=NEW_PROFILE)["Instances"][0]
        made(found["InstanceId"])
    return instances.record(found)


def _not_again(response: Any, **_: object) -> bool | None:  # noqa: ANN401 - what botocore gives to those it asks
    """Tell botocore that a full zone, which answers with a 500, is not to be asked again."""
    parsed = response[1] if response else {}
    return False if parsed.get("Error", {}).get("Code") in FULL else None


def _beyond_the_plan(error: sdk.ClientError) -> bool:
    """Whether AWS says that the account is on a plan without this instance type.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-free-tier-usage.html
    """
    said = error.response.get("Error", {}).get("Message", "")
    return code(error) == "InvalidParameterCombination" and "Free Tier" in said
