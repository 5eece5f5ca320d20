"""AWS's API as a plain moto server plays it, over HTTP on loopback."""

from __future__ import annotations

import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from moto.ec2.models import elastic_network_interfaces
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = ("testing", "testing")
IMAGE = "ami-03cf127a"  # one that moto's own list has


@dataclass(frozen=True)
class MotoCloud:
    """A moto server; `client` gives the tests' own clients, apart from the product's."""

    endpoint: str

    session: boto3.Session = field(default_factory=lambda: boto3.Session(*KEY))

    def client(self, service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401 - one of boto3's clients
        """Return a client of a service."""
        name: Any = service
        return self.session.client(name, region_name=region, endpoint_url=self.endpoint)

    def reset(self) -> None:
        """Empty every account."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def environment(self) -> dict[str, str]:
        """Return the standard AWS environment that leads here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY[0],
            "AWS_SECRET_ACCESS_KEY": KEY[1],
        }

    def holdings(self) -> dict[str, list[str]]:
        """Return what the account holds, by kind, as the tests' own clients see it."""
        ec2, iam, s3 = self.client("ec2"), self.client("iam"), self.client("s3")
        live = [
            instance["InstanceId"]
            for reservation in ec2.describe_instances()["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"
        ]
        users = [user["UserName"] for user in iam.list_users()["Users"]]
        return {
            "instances": live,
            "volumes": [v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]],
            "interfaces": [
                i["NetworkInterfaceId"]
                for i in ec2.describe_network_interfaces()["NetworkInterfaces"]
            ],
            "groups": [g["GroupId"] for g in ec2.describe_security_groups()["SecurityGroups"]],
            "key_pairs": [k["KeyPairId"] for k in ec2.describe_key_pairs()["KeyPairs"]],
            "users": users,
            "access_keys": [
                key["AccessKeyId"]
                for user in users
                for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
            ],
            "buckets": [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
        }


@contextmanager
def serving(address: str = "127.0.0.1") -> Iterator[MotoCloud]:
    """Run moto in this process; its instances get this loopback address instead of a random one."""
    elastic_network_interfaces.random_public_ip = lambda: address  # type: ignore[attr-defined]  # moto has no setting for it
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield MotoCloud(f"http://{host}:{port}")
    finally:
        server.stop()
