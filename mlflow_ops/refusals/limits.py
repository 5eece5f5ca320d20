"""What AWS's limits mean: which quota it is, and how to ask for more of it."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """One of AWS's quotas: its name, its code, and who counts it."""

    name: str
    service: str
    code: str
    usual: int
    everywhere: bool = False

    def cure(self, said: str, region: str) -> str:
        """Return the command that asks for a little more than the limit that AWS has named."""
        named = re.search(r"limit (?:is |of )?([\d,]+)|: ([\d,]+)\b", said)
        limit = int((named[1] or named[2]).replace(",", "")) if named else self.usual
        where = "us-east-1" if self.everywhere else region
        return (
            "end what you do not need, or ask for more: `aws service-quotas "
            f"request-service-quota-increase --service-code {self.service} "
            f"--quota-code {self.code} --desired-value {limit + max(2, limit // 10)}"
            f"{f' --region {where}' if where else ''}`"
        )


VCPUS = Quota(
    "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "ec2", "L-1216C47A", 5
)
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
QUOTAS = {
    "VcpuLimitExceeded": VCPUS,
    "InstanceLimitExceeded": VCPUS,
    "AddressLimitExceeded": Quota("EC2-VPC Elastic IPs", "ec2", "L-0263D0A3", 5),
    "VpcLimitExceeded": Quota("VPCs per Region", "vpc", "L-F678F1CE", 5),
    "SecurityGroupLimitExceeded": Quota(
        "VPC security groups per Region", "vpc", "L-E79EC296", 2500
    ),
    "RulesPerSecurityGroupLimitExceeded": Quota(
        "Inbound or outbound rules per security group", "vpc", "L-0EA8095F", 60
    ),
    "NetworkInterfaceLimitExceeded": Quota(
        "Network interfaces per Region", "vpc", "L-DF5E4CA3", 5000
    ),
    "VolumeLimitExceeded": Quota(
        "Storage for General Purpose SSD (gp3) volumes, in TiB", "ebs", "L-7A658B76", 50
    ),
    "TooManyBuckets": Quota("General purpose buckets", "s3", "L-DC2B2D3D", 10_000, everywhere=True),
}
# Limits that cannot be raised, or not by Service Quotas.
FIXED = {
    "KeyPairLimitExceeded": "delete key pairs that nobody uses: "
    "`aws ec2 describe-key-pairs{region}` lists them",
    "AccessKeysPerUser": "delete the keys that nobody uses: "
    "`aws iam list-access-keys --user-name NAME` lists them",
    "UsersPerAccount": "delete users that nobody needs: `aws iam list-users` lists them",
    "LimitExceeded": "delete what nobody needs; "
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html lists the limits",
}


def sentence(name: str, operation: str, said: str, region: str) -> str | None:
    """Return one sentence for the error of a limit; None when the error is none."""
    where = f" in {region}" if region else ""
    if quota := QUOTAS.get(name):
        at = "" if quota.everywhere else where
        return (
            f"The account is at its quota {quota.name!r} ({quota.code}){at}, so AWS refused "
            f"{operation} ({said.rstrip('.')}): {quota.cure(said, region)}."
        )
    found = re.search(r"quota for (\w+)", said)
    fixed = FIXED.get(found[1] if found else name) or FIXED.get(name)
    if fixed is None:
        return None
    cure = fixed.format(region=f" --region {region}" if region else "")
    return f"AWS refused {operation}: it allows no more of these ({said.rstrip('.')}); {cure}."
