"""What `mlflow-ops policy allow` prints is enough for it, and no part of it is too much."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cloud.proof import Proof, empty, ready

if TYPE_CHECKING:
    from cloud.operator import Laptop
    from cloud.scene import Scene

OFFICE, OWN = "198.51.100.0/24", "127.0.0.1/32"
FROM = "mlflow-ops:from"


def as_before(scene: Scene, laptop: Laptop, *, office: bool = False) -> Laptop:
    """Return the laptop of a stack whose rules are those of a plain `up`, and one by hand."""
    ec2 = scene.client("ec2")
    found = ec2.describe_security_group_rules()["SecurityGroupRules"]
    rules: list[Any] = [rule for rule in found if rule.get("CidrIpv4") in {OFFICE, OWN}]
    for rule in rules:
        group, identifier = rule["GroupId"], rule["SecurityGroupRuleId"]
        if rule["CidrIpv4"] == OWN:
            tag: Any = {"Key": FROM, "Value": "default"}
            ec2.create_tags(Resources=[identifier], Tags=[tag])
        else:
            ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[identifier])
    if office:
        only_office: Any = [{"CidrIp": OFFICE}]
        port = rules[0]["FromPort"]
        ec2.authorize_security_group_ingress(
            GroupId=rules[0]["GroupId"],
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": only_office}
            ],
        )
    return laptop


def test_allow_needs_all_of_its_policy(scene: Scene) -> None:
    laptop, proof = ready(scene), Proof(scene, ("allow",))
    proof.show(partial(as_before, scene, laptop), "allow", OFFICE)
    proof.show(partial(as_before, scene, laptop), "allow", OWN)
    proof.show(partial(as_before, scene, laptop, office=True), "allow", OFFICE, "--remove")
    proof.show_renewal()
    proof.show(partial(empty, scene), "allow", code=3)
    proof.check_complete()
