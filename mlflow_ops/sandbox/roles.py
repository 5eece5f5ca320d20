"""The role of the instance that runs, and keys for it, from moto's own IAM and STS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from mlflow_ops.sandbox import cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
LIFETIME = 6 * 3600


@dataclass(frozen=True)
class Role:
    """A role that a running instance has."""

    name: str
    arn: str
    account: str
    region: str
    instance: str


def of_the_host() -> Role | None:
    """Return the role of the instance that runs; None when it has none."""
    return next(_roles(), None)


def keys(role: Role) -> dict[str, str]:
    """Return new keys for a role as the metadata service tells them; they last six hours."""
    from moto.sts.models import sts_backends  # noqa: PLC0415 - only now is moto's environment right
    from moto.utilities.utils import get_partition  # noqa: PLC0415 - likewise

    given: Any = {"policy": None, "external_id": None, "duration": LIFETIME}
    made = sts_backends[role.account][get_partition(role.region)].assume_role(
        region_name=role.region, role_session_name=role.instance, role_arn=role.arn, **given
    )
    return {
        "Code": "Success",
        "LastUpdated": _written(datetime.now(timezone.utc)),
        "Type": "AWS-HMAC",
        "AccessKeyId": made.access_key_id,
        "SecretAccessKey": made.secret_access_key,
        "Token": made.session_token,
        "Expiration": _written(made.expiration),
    }


def _roles() -> Iterator[Role]:
    from moto.iam.models import iam_backends  # noqa: PLC0415 - likewise

    for account, regions in list(cloud.ec2().items()):
        profiles = {
            profile.arn: profile
            for partition in list(iam_backends[account].values())
            for profile in list(partition.instance_profiles.values())
        }
        for region, backend in list(regions.items()):
            for instance in backend.all_instances():
                held = instance.iam_instance_profile or {}
                profile = profiles.get(held.get("Arn", ""))
                if instance.state == "running" and profile:
                    for role in profile.roles:
                        yield Role(role.name, role.arn, account, region, instance.id)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
