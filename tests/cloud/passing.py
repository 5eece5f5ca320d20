"""The right to pass a role to EC2, which AWS asks for of whoever gives one away.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from .needs_ec2 import ACCOUNT, Need

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .wire import Call


def passed(call: Call) -> Iterable[Need]:
    """Yield a need for each role that a call gives to an instance or puts into a profile."""
    iam: Any = iam_backends[ACCOUNT]["aws"]
    given = call.parameters
    profile = iam.instance_profiles.get(given.get("IamInstanceProfile", {}).get("Name"))
    names = [role.name for role in (profile.roles if profile else ())]
    if call.operation == "AddRoleToInstanceProfile":
        names = [given["RoleName"]]
    for name in names:
        path = next((each.path for each in iam.roles.values() if each.name == name), "/")
        resource = f"arn:aws:iam::{ACCOUNT}:role{path}{name}"
        yield Need("iam:PassRole", resource, {"iam:PassedToService": "ec2.amazonaws.com"})
