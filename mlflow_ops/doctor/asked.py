"""What `up` is asked for, held against what stands already and what AWS has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops import choices, shaping
from mlflow_ops import standing as what_stands
from mlflow_ops.doctor import network as networks
from mlflow_ops.doctor import quotas
from mlflow_ops.doctor.check import OK, WARN, Finding
from mlflow_ops.reach.address import world_open
from mlflow_ops.records import SecurityGroup

if TYPE_CHECKING:
    from mlflow_ops.doctor.case import Case
    from mlflow_ops.settings import Options


def options(case: Case) -> Finding:
    """Tell whether the options can be made. Raises BadOption as `up` does."""
    shape = shaping.wanted(case.options, case.before)
    records = {type(each): each for each in case.standing.records.values()}
    what_stands.check(case.options, records if case.machine else {})
    if case.options.ami:
        choices.architecture(case.target, case.options.ami)
    told = f"What `up` is asked for can be made: {shape.tag}."
    if shape.access == "port" and world_open(case.options.allow):
        return Finding(WARN, f"{told} Anyone may reach it.", "name who may with --allow CIDR")
    return Finding(OK, told)


def network(case: Case) -> Finding:
    """Tell where the instance stands, or could. Raises BadOption where it could nowhere."""
    group = case.there(SecurityGroup)
    if case.machine and group:
        return Finding(OK, f"The stack stands in {group.vpc_id}.")
    return networks.network(case.target, _placed(case), private=_private(case))


def instance_type(case: Case) -> Finding:
    """Tell which type the instance has, or could have. Raises BadOption where none would do."""
    if case.machine:
        return Finding(OK, f"The stack's instance is a {case.machine.type}.")
    return networks.instance_type(case.target, _placed(case), private=_private(case))


def vcpus(case: Case) -> Finding:
    """Tell whether the quota leaves room for the instance; one that runs has its own."""
    standing = case.machine
    wished = standing.type if standing else networks.wished(case.options)
    return quotas.vcpus(case.target, wished, runs=case.runs)


def _placed(case: Case) -> Options:
    """Return the options with the VPC in which the stack's group stands, as `up` takes it."""
    group = case.there(SecurityGroup)
    if group is None or case.options.subnet_id:
        return case.options
    return replace(case.options, vpc_id=group.vpc_id)


def _private(case: Case) -> bool:
    return case.shape.address == "private"
