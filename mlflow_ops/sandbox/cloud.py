"""AWS's API as moto plays it, with what a sandbox on this machine needs to be different."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from mlflow_ops.sandbox.running import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _typeshed.wsgi import WSGIApplication

CANONICAL = "099720109477"
IMAGES = {"amd64": ("ami-05a0000000000240a", "x86_64"), "arm64": ("ami-05a0000000000240b", "arm64")}


@dataclass(frozen=True)
class Instance:
    """An instance that is not terminated; `key` is its key pair's public half.

    `host_key` is the private SSH host key in its user data, empty when there is none.
    """

    id: str
    running: bool
    key: str
    host_key: str = field(default="", repr=False)


def application(images: Path) -> WSGIApplication:
    """Return moto's API as a WSGI application; it is told of our images in this file."""
    images.write_text(json.dumps([_image(*named) for named in IMAGES.items()]), encoding="utf-8")
    # moto reads these when it is imported. No web page may use the API, so no CORS.
    os.environ |= {
        "MOTO_AMIS_PATH": str(images),
        "MOTO_DISABLE_GLOBAL_CORS": "true",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    }
    from moto.moto_server import werkzeug_app  # noqa: PLC0415 - only now is its environment right

    return werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)


def image_id(parameter: str) -> str | None:
    """Return the image that Canonical's public parameter of this name leads to, if it is one."""
    for arch, (image, _) in IMAGES.items():
        newest = "/aws/service/canonical/ubuntu/server/24.04/stable/current"
        if parameter == f"{newest}/{arch}/hvm/ebs-gp3/ami-id":
            return image
    return None


@cache
def ec2() -> Any:  # noqa: ANN401 - moto's backends, by account and region
    """Return moto's EC2 backends, whose instances have the one public address 127.0.0.1.

    So have Elastic IPs. moto has no setting for it: it draws a random address, and a name in AWS's
    DNS for it, that are somebody's.
    """
    from moto.ec2.models import (  # noqa: PLC0415 - only now is its environment right
        ec2_backends,
        elastic_ip_addresses,
        elastic_network_interfaces,
        instances,
    )

    elastic_ip_addresses.random_ip = lambda: ADDRESS  # type: ignore[attr-defined]
    elastic_network_interfaces.random_public_ip = lambda: ADDRESS  # type: ignore[attr-defined]
    instances.Instance.public_dns_name = property(  # type: ignore[method-assign, assignment]
        lambda instance: "localhost" if instance.public_ip else None
    )
    return ec2_backends


def instances() -> list[Instance]:
    """Return the instances of every account and region that are not terminated."""
    return [
        Instance(
            instance.id,
            instance.state == "running",
            _public_key(region, instance.key_name),
            _host_key(instance.user_data or ""),
        )
        for region in regions()
        for reservation in list(region.reservations.values())
        for instance in list(reservation.instances)
        if instance.state != "terminated"
    ]


def has_access_key(key_id: str) -> bool:
    """Tell whether IAM or STS gave out this access key, and it is not deleted."""
    from moto.iam.models import iam_backends  # noqa: PLC0415 - likewise

    partitions = [iam for account in list(iam_backends.values()) for iam in list(account.values())]
    return any(key_id in iam.access_keys for iam in partitions)


def regions() -> Iterator[Any]:
    """Yield moto's EC2 backends, of every account and region."""
    for account in list(ec2().values()):
        yield from list(account.values())


def _public_key(region: Any, name: str | None) -> str:  # noqa: ANN401 - one of moto's backends
    pair = region.key_pairs.get(name)
    return str(pair.public_key) if pair else ""


def _host_key(user_data: str) -> str:
    """Return the private host key that user data, base64, has for cloud-init, as JSON."""
    try:
        _, _, wishes = base64.b64decode(str(user_data)).decode().partition("#cloud-config\n")
        return str(json.loads(wishes)["ssh_keys"]["ed25519_private"])
    except (ValueError, LookupError, TypeError):  # somebody else's user data, or none
        return ""


def _image(arch: str, names: tuple[str, str]) -> dict[str, object]:
    ami, architecture = names
    name = f"ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{arch}-server-20260901"
    return {
        "ami_id": ami,
        "name": name,
        "description": f"Canonical, Ubuntu, 24.04, {arch}: a sandbox on this machine",
        "image_location": f"amazon/{name}",
        "owner_id": CANONICAL,
        "public": True,
        "creation_date": "2026-09-01T00:00:00.000Z",
        "architecture": architecture,
        "virtualization_type": "hvm",
        "hypervisor": "xen",
        "root_device_type": "ebs",
        "root_device_name": "/dev/sda1",
        "state": "available",
    }
