"""Which regions AWS has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    import boto3


class NoSuchRegion(BadOption):
    """A region that AWS does not have."""


def known(session: boto3.Session) -> list[str]:
    """Return the EC2 regions of every partition, as far as the SDK knows them."""
    partitions = session.get_available_partitions()
    return [r for p in partitions for r in session.get_available_regions("ec2", p)]


def check(region: str, session: boto3.Session) -> None:
    """Raise NoSuchRegion unless AWS has an EC2 region of this name, in any partition."""
    found = known(session)
    if region not in found:
        near = [r for r in found if r.split("-")[0] == region.split("-", maxsplit=1)[0]] or found
        raise NoSuchRegion(f"AWS has no region {region!r}: take one such as {', '.join(near[:6])}.")
