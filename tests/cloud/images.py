"""The images that the strict cloud has: Ubuntu, as Canonical publishes it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from moto.ec2.models import amis

CANONICAL = "099720109477"
# By Canonical's word for the processor; both are known to moto's tables of other things.
UBUNTU = {"amd64": "ami-03cf127a", "arm64": "ami-0e9271c829888680e"}
NAME = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{arch}-server-20261001"


def load(backend: Any) -> None:  # noqa: ANN401 - moto has no types
    """Give a region these images; loading moto's own takes a tenth of a second for each test."""
    for arch, identifier in UBUNTU.items():
        backend.amis[identifier] = amis.Ami(
            backend,
            identifier,
            name=NAME.format(arch=arch),
            description="Canonical, Ubuntu, 24.04",
            owner_id=CANONICAL,
            owner_alias="amazon",
            public=True,
            virtualization_type="hvm",
            architecture={"amd64": "x86_64", "arm64": "arm64"}[arch],
            state="available",
            creation_date=datetime(2026, 10, 1, tzinfo=timezone.utc),
            root_device_name="/dev/sda1",
            root_device_type="ebs",
        )
    # Their snapshots are Canonical's too, which moto counts as the caller's own.
    backend.snapshots.clear()


def install() -> None:
    """Make each new region of moto have these images."""
    amis.AmiBackend._load_amis = load  # type: ignore[assignment, method-assign]  # noqa: SLF001 - moto's only other way is a file named before it is imported
