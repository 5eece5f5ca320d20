"""Whatever of ours AWS can tag as it is made has to be; and what AWS keeps of it, moto does too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloud import backends
from cloud.wire import refusal

from .instances import launched

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

OURS = "mlflow-ops:stack"
# EC2's calls that make something, and the kinds that have to be tagged in them.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-on-create
MADE = {
    "RunInstances": ("instance", "volume", "network-interface"),
    "ImportKeyPair": ("key-pair",),
    "CreateKeyPair": ("key-pair",),
    "CreateSecurityGroup": ("security-group",),
    "AuthorizeSecurityGroupIngress": ("security-group-rule",),
    "AuthorizeSecurityGroupEgress": ("security-group-rule",),
    "CreateVolume": ("volume",),
    "CreateSnapshot": ("snapshot",),
    "CreateImage": ("image", "snapshot"),
    "CreateNetworkInterface": ("network-interface",),
    "AllocateAddress": ("elastic-ip",),
    "CreateLaunchTemplate": ("launch-template",),
}
IAM = {"CreateUser", "CreateRole", "CreatePolicy", "CreateInstanceProfile"}


@dataclass
class Tags:
    """Refuses what carries no tag of ours, and keeps the tags that moto drops."""

    on: bool = True

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a call that makes something."""
        lacking = _lacking(call) if self.on and call.ours else []
        if lacking:
            said = f"{call} makes what carries no {OURS} tag: {', '.join(lacking)}"
            return refusal(call, "UntaggedCreate", said)
        answer = ask()
        if self.on and answer.good:
            _keep(call, answer)
        return answer


def _lacking(call: Call) -> list[str]:
    given = call.parameters
    if call.service == "ec2":
        told = {spec.get("ResourceType"): spec.get("Tags") for spec in _specifications(call)}
        return [kind for kind in MADE.get(call.operation, ()) if not _ours(told.get(kind))]
    tags = given.get("Tags")
    if call.service == "s3" and call.operation == "CreateBucket":
        tags = given.get("CreateBucketConfiguration", {}).get("Tags")
    elif call.service != "iam" or call.operation not in IAM:
        return []
    return [] if _ours(tags) else [call.operation.removeprefix("Create").lower()]


def _specifications(call: Call) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call.parameters.get("TagSpecifications", [])
    return found


def _ours(tags: Any) -> bool:  # noqa: ANN401 - AWS's own list of tags
    return any(tag.get("Key") == OURS for tag in tags or [])


def _keep(call: Call, answer: Answer) -> None:
    if call.operation == "CreateBucket":
        tags = call.parameters.get("CreateBucketConfiguration", {}).get("Tags")
        if tags:
            backend = backends.s3()
            backend.put_bucket_tagging(call.parameters["Bucket"], _plain(tags))
    elif call.operation == "RunInstances":
        told = {spec.get("ResourceType"): spec.get("Tags", []) for spec in _specifications(call)}
        for identifier in launched(answer):
            instance = backends.ec2(call.region).get_instance(identifier)
            for interface in instance.nics.values():
                interface.add_tags(_plain(told.get("network-interface", [])))


def _plain(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}
