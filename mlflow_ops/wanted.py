"""What `up` is to make, with every open choice settled before anything is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlflow_ops import choices
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.records import Instance, SecurityGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.records import Record
    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Wanted:
    """The stack to make. Empty ids mean that the resource which needs them is there already."""

    as_taught: bool
    direct_artifacts: bool
    instance_type: str
    allow: tuple[str, ...]
    allow_only_these: bool = False
    vpc_id: str = ""
    subnet_id: str = ""
    ami: str = ""


def first_thoughts(options: Options, target: Target) -> Wanted:
    """Return what the options and the caller's address say, before any resource is looked at.

    An address that cannot be found leaves `allow` empty: a group that is there may do without.
    """
    usual = "t2.micro" if options.as_taught else "t3.micro"
    given = options.allow or ((ANYWHERE,) if options.as_taught else ())
    return Wanted(
        as_taught=options.as_taught,
        direct_artifacts=options.direct_artifacts,
        instance_type=options.instance_type or usual,
        allow=given or _own_range(target),
        allow_only_these=bool(given),
        vpc_id=options.vpc_id or "",
    )


def settle(
    first: Wanted, options: Options, target: Target, found: Mapping[type[Record], Record]
) -> Wanted:
    """Return the stack to make, asking AWS for the choices that the missing resources need.

    Changes nothing. Raises BadOption or MlflowOpsError for a choice that cannot work.
    """
    _check_standing(options, found)
    group, settled = found.get(SecurityGroup), first
    if group is None and not first.allow:
        settled = replace(settled, allow=(f"{target.own_address()}/32",))
    if isinstance(group, SecurityGroup) and not options.subnet_id:
        options = replace(options, vpc_id=group.vpc_id)
    if Instance not in found or group is None:
        vpc_id, subnet_id = choices.network(options, target, first.instance_type)
        settled = replace(settled, vpc_id=vpc_id, subnet_id=subnet_id)
    if Instance not in found:
        ami = options.ami or choices.newest_ubuntu(target, first.instance_type)
        settled = replace(settled, ami=ami)
    return settled


def _check_standing(options: Options, found: Mapping[type[Record], Record]) -> None:
    """Raise BadOption for an option that what is there already contradicts."""
    instance, group = found.get(Instance), found.get(SecurityGroup)
    if isinstance(instance, Instance) and options.instance_type not in {None, instance.type}:
        raise BadOption(
            f"The stack's instance is a {instance.type}, not a {options.instance_type}: "
            "`mlflow-ops down` first, or leave --instance-type out."
        )
    if isinstance(group, SecurityGroup) and options.vpc_id not in {None, group.vpc_id}:
        raise BadOption(
            f"The stack stands in VPC {group.vpc_id}, not in {options.vpc_id}: "
            "`mlflow-ops down` first, or leave --vpc-id out."
        )


def _own_range(target: Target) -> tuple[str, ...]:
    try:
        return (f"{target.own_address()}/32",)
    except MlflowOpsError:
        return ()
