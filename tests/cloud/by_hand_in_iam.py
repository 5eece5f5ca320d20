"""What somebody makes by hand in IAM: a stack's user with all that can hang on one, and a role."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.iam.models import AWSManagedPolicy

from . import backends
from .by_hand import BASE, TAGS
from .wire import answer, refusal

if TYPE_CHECKING:
    from .server import StrictCloud
    from .wire import Answer, Ask, Call

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
ANY = json.dumps({"Version": "2012-10-17", "Statement": [READ]})
TRUST = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "ec2.amazonaws.com"},
}
TRUSTED = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})


def user(cloud: StrictCloud) -> Any:  # noqa: ANN401 - a client
    """Make the stack's user, and return a client for what goes on it."""
    iam = cloud.client("iam")
    iam.create_user(UserName=BASE, Path="/mlflow-ops/", Tags=TAGS)
    return iam


def policies(iam: Any) -> None:  # noqa: ANN401 - a client
    """Give the user a policy of its own, and attach another one."""
    iam.put_user_policy(UserName=BASE, PolicyName="own", PolicyDocument=ANY)
    made = iam.create_policy(PolicyName="somebodys", PolicyDocument=ANY)
    iam.attach_user_policy(UserName=BASE, PolicyArn=made["Policy"]["Arn"])


def administrators(_: StrictCloud) -> None:
    """Give the account AWS's own policy for administrators, which moto leaves out."""
    kind: Any = AWSManagedPolicy  # which moto says is abstract, and makes nevertheless
    made = kind("AdministratorAccess", backends.ACCOUNT, "us-east-1", document=ANY)
    backends.iam().managed_policies[made.arn] = made


def all_else(iam: Any) -> None:  # noqa: ANN401 - a client
    """Put the user into a group, and on it what else keeps a user from being deleted."""
    iam.create_access_key(UserName=BASE)
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName=BASE)
    iam.create_login_profile(UserName=BASE, Password="long-enough-1!")
    iam.upload_signing_certificate(UserName=BASE, CertificateBody=certificate())
    iam.upload_ssh_public_key(UserName=BASE, SSHPublicKeyBody="ssh-rsa AAAA")
    backends.iam().users[BASE].service_specific_credentials = ["ACCAEXAMPLE123EXAMPLE"]


def phone(cloud: StrictCloud) -> None:
    """Make the stack's user, with a virtual MFA device."""
    iam = user(cloud)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName=BASE, SerialNumber=device["SerialNumber"], **codes)


def rare_parts(call: Call, ask: Ask) -> Answer:
    """Play what moto lacks: IAM's service-specific credentials, and a user without a boundary."""
    if call.operation == "DeleteUserPermissionsBoundary":
        return refusal(call, "NoSuchEntity", "There is no permissions boundary.", 404)
    if call.operation not in {"ListServiceSpecificCredentials", "DeleteServiceSpecificCredential"}:
        return ask()
    user = backends.iam().users[call.parameters["UserName"]]
    held = getattr(user, "service_specific_credentials", [])
    if call.operation.startswith("Delete"):
        held.remove(call.parameters["ServiceSpecificCredentialId"])
    ids = "".join(
        f"<member><ServiceSpecificCredentialId>{each}</ServiceSpecificCredentialId></member>"
        for each in held
    )
    listed = f"<ServiceSpecificCredentials>{ids}</ServiceSpecificCredentials>"
    result = f"<{call.operation}Result>{listed}</{call.operation}Result>"
    return answer(f"<{call.operation}Response>{result}</{call.operation}Response>")


@cache
def certificate() -> str:
    """Return a certificate that says nothing."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([])
    now = datetime.now(timezone.utc)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    built = built.public_key(key.public_key()).serial_number(1)
    built = built.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    signed = built.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def role(cloud: StrictCloud) -> None:
    """Make a role and an instance profile with our name, path and tags."""
    iam = cloud.client("iam")
    path = "/mlflow-ops/"
    iam.create_role(RoleName=BASE, Path=path, AssumeRolePolicyDocument=TRUSTED, Tags=TAGS)
    iam.create_instance_profile(InstanceProfileName=BASE, Path=path, Tags=TAGS)


def role_with_all(cloud: StrictCloud) -> None:
    """Make the role in its profile, with a policy of its own and another one attached."""
    role(cloud)
    iam = cloud.client("iam")
    iam.add_role_to_instance_profile(InstanceProfileName=BASE, RoleName=BASE)
    iam.put_role_policy(RoleName=BASE, PolicyName="own", PolicyDocument=ANY)
    made = iam.create_policy(PolicyName="anothers", PolicyDocument=ANY)
    iam.attach_role_policy(RoleName=BASE, PolicyArn=made["Policy"]["Arn"])


def role_of_others(cloud: StrictCloud) -> None:
    """Make what `up` has to put right: a role that anybody may take, another in its profile."""
    role_with_all(cloud)
    iam, other = cloud.client("iam"), {"RoleName": "other"}
    iam.update_assume_role_policy(RoleName=BASE, PolicyDocument=TRUSTED.replace("ec2.", "ecs."))
    iam.remove_role_from_instance_profile(InstanceProfileName=BASE, RoleName=BASE)
    iam.create_role(**other, AssumeRolePolicyDocument=TRUSTED)
    iam.add_role_to_instance_profile(InstanceProfileName=BASE, **other)


def take_role_off(cloud: StrictCloud) -> None:
    """Take the role off the instance."""
    ec2 = cloud.client("ec2")
    for held in ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]:
        ec2.disassociate_iam_instance_profile(AssociationId=held["AssociationId"])


def make_profile_anew(cloud: StrictCloud) -> None:
    """Put a new profile in the place of the stack's, which the instance then has not."""
    iam = cloud.client("iam")
    iam.remove_role_from_instance_profile(InstanceProfileName=BASE, RoleName=BASE)
    iam.delete_instance_profile(InstanceProfileName=BASE)
    iam.create_instance_profile(InstanceProfileName=BASE, Path="/mlflow-ops/", Tags=TAGS)
