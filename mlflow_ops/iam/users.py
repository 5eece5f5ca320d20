"""What keeps an IAM user from being deleted, and how it is taken off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops.wait import Clock, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_iam import IAMClient

CONFLICT_DEADLINE = 120.0


@dataclass(frozen=True)
class Part:
    """One kind of thing on a user: the calls that list and remove it, and what tells it apart.

    `listed` is the list in the answer, `id` both the member of its entries (none where they are
    plain names) and the parameter of the call that removes one.
    """

    ask: str
    listed: str
    remove: str
    id: str
    plain: bool = False


# https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html lists them, in this order.
USUAL = (
    Part("list_user_policies", "PolicyNames", "delete_user_policy", "PolicyName", plain=True),
    Part("list_attached_user_policies", "AttachedPolicies", "detach_user_policy", "PolicyArn"),
    Part("list_groups_for_user", "Groups", "remove_user_from_group", "GroupName"),
)
RARE = (
    Part("list_access_keys", "AccessKeyMetadata", "delete_access_key", "AccessKeyId"),
    *USUAL,
    Part("list_mfa_devices", "MFADevices", "deactivate_mfa_device", "SerialNumber"),
    Part(
        "list_signing_certificates", "Certificates", "delete_signing_certificate", "CertificateId"
    ),
    Part("list_ssh_public_keys", "SSHPublicKeys", "delete_ssh_public_key", "SSHPublicKeyId"),
    Part(
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        "delete_service_specific_credential",
        "ServiceSpecificCredentialId",
    ),
)


def remove(iam: IAMClient, name: str, clock: Clock) -> None:
    """Delete the user and whatever hangs on it; fine if it is gone.

    The rare things are looked for when AWS says that some are there. Raises TimedOut when it still
    says so after two minutes.
    """
    _take_off(iam, name, USUAL)
    if _deleted(iam, name):
        return
    until(
        f"the IAM user {name} to be free of all that hangs on it "
        f"(`aws iam delete-user --user-name {name}` says of what)",
        lambda: _bared_and_deleted(iam, name),
        deadline=CONFLICT_DEADLINE,
        clock=clock,
    )


def _deleted(iam: IAMClient, name: str) -> bool:
    try:
        _unless_gone(iam, iam.delete_user, UserName=name)
    except (
        iam.exceptions.DeleteConflictException,
        iam.exceptions.ConcurrentModificationException,
    ):
        return False
    return True


def _bared_and_deleted(iam: IAMClient, name: str) -> bool:
    serials = _take_off(iam, name, RARE)
    _unless_gone(iam, iam.delete_login_profile, UserName=name)
    _unless_gone(iam, iam.delete_user_permissions_boundary, UserName=name)
    # Virtual devices alone are things of their own; a user's is named in this form.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    for serial in (each for each in serials if ":mfa/" in each):
        _unless_gone(iam, iam.delete_virtual_mfa_device, SerialNumber=serial)
    return _deleted(iam, name)


def _take_off(iam: Any, name: str, parts: tuple[Part, ...]) -> list[str]:  # noqa: ANN401 - its calls are taken by name
    """Remove these parts from the user; return the ids of what there was."""
    removed: list[str] = []
    for part in parts:
        answer = _unless_gone(iam, getattr(iam, part.ask), UserName=name) or {part.listed: []}
        for found in answer[part.listed]:
            identifier = found if part.plain else found[part.id]
            _unless_gone(iam, getattr(iam, part.remove), UserName=name, **{part.id: identifier})
            removed.append(identifier)
    return removed


def _unless_gone(iam: IAMClient, call: Callable[..., Any], **parameters: str) -> Any:  # noqa: ANN401 - AWS's own answers
    """Return the answer to the call; None when what it is about is not there."""
    try:
        return call(**parameters)
    except iam.exceptions.NoSuchEntityException:
        return None
