"""What stands already, held against the options that `up` was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import shaping
from mlflow_ops.errors import BadOption
from mlflow_ops.records import Instance, SecurityGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.records import Record
    from mlflow_ops.settings import Options


def check(options: Options, found: Mapping[type[Record], Record]) -> None:
    """Raise BadOption for an option that what is there already contradicts."""
    instance, group = found.get(Instance), found.get(SecurityGroup)
    if isinstance(instance, Instance) and options.instance_type not in {None, instance.type}:
        raise BadOption(
            f"The stack's instance is a {instance.type}, not a {options.instance_type}: "
            "`mlflow-ops down --keep-data`, then this `up` again, or leave --instance-type out."
        )
    if isinstance(instance, Instance):
        shaping.check_standing(options, instance.shape)
    if isinstance(group, SecurityGroup) and options.vpc_id not in {None, group.vpc_id}:
        raise BadOption(
            f"The stack stands in VPC {group.vpc_id}, not in {options.vpc_id}: "
            "`mlflow-ops down --keep-data`, then this `up` again, or leave --vpc-id out."
        )


def check_network(vpc_id: str, group: Record | None) -> None:
    """Raise BadOption for a network that is not that of the group which stands."""
    if isinstance(group, SecurityGroup) and group.vpc_id not in {"", vpc_id}:
        raise BadOption(
            f"The stack stands in VPC {group.vpc_id}, and the subnet is in {vpc_id}: "
            "`mlflow-ops down --keep-data`, then this `up` again, or leave --subnet-id out."
        )
