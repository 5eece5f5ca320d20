"""An AWS account as the tests' own clients see it, wherever it is served."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

KEY = ("testing", "testing")
IMAGE = "ami-03cf127a"  # one that moto's own list has


@dataclass
class Account:
    """The account at an endpoint; `client` gives the tests' own clients."""

    endpoint: str

    session: boto3.Session = field(default_factory=lambda: boto3.Session(*KEY))
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401 - one of boto3's clients
        """Return a client of a service, which the strict cloud lets do as it likes."""
        if (service, region) not in self._clients:
            config: Any = Config(
                region_name=region,
                s3={"addressing_style": "path" if self.endpoint else "auto"},
                # Without an endpoint this is AWS itself, whatever the tests' environment says.
                ignore_configured_endpoint_urls=not self.endpoint,  # type: ignore[call-arg]  # the stubs lack it
            )
            name: Any = service
            made = self.session.client(name, endpoint_url=self.endpoint or None, config=config)
            self._clients[service, region] = made
        return self._clients[service, region]

    def reset(self) -> None:
        """Empty every account, and make each rule as it was at first."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(request, timeout=60).close()

    def environment(self) -> dict[str, str]:
        """Return the standard AWS environment that leads here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY[0],
            "AWS_SECRET_ACCESS_KEY": KEY[1],
        }

    def holdings(self, region: str = "us-east-1") -> dict[str, list[str]]:
        """Return what the account holds, by kind, in a region and in what has none."""
        return self._compute(region) | self._users() | self._buckets()

    def _compute(self, region: str) -> dict[str, list[str]]:
        ec2 = self.client("ec2", region)
        live = [
            instance["InstanceId"]
            for reservation in ec2.describe_instances()["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"
        ]
        own = {"OwnerIds": ["self"]}
        return {
            "instances": live,
            "volumes": [v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]],
            "interfaces": [
                i["NetworkInterfaceId"]
                for i in ec2.describe_network_interfaces()["NetworkInterfaces"]
            ],
            "snapshots": [s["SnapshotId"] for s in ec2.describe_snapshots(**own)["Snapshots"]],
            "addresses": [a["PublicIp"] for a in ec2.describe_addresses()["Addresses"]],
            "groups": [g["GroupId"] for g in ec2.describe_security_groups()["SecurityGroups"]],
            "key_pairs": [k["KeyPairId"] for k in ec2.describe_key_pairs()["KeyPairs"]],
        }

    def _users(self) -> dict[str, list[str]]:
        iam = self.client("iam")
        users = [user["UserName"] for user in iam.list_users()["Users"]]
        keys = [
            key["AccessKeyId"]
            for user in users
            for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        ]
        return {"users": users, "access_keys": keys}

    def _buckets(self) -> dict[str, list[str]]:
        found = self.client("s3").list_buckets()["Buckets"]
        return {"buckets": [bucket["Name"] for bucket in found]}
