"""What IAM holds under our path, and what each of it has on that has to go first.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """Something that has to go before its owner: `id` names it in AWS's answer and command.

    Where that is empty the owner's name tells it, and AWS's plain lists of names need none.
    """

    name: str
    ask: str
    path: str
    remove: str
    id: str = ""


@dataclass(frozen=True)
class Kind:
    """Users, roles or instance profiles: `key` is the parameter that names one.

    `tags` is the call that tells its tags, and where in its answer.
    """

    name: str
    ask: str
    path: str
    key: str
    tags: tuple[str, str]
    remove: str
    parts: tuple[Part, ...]


DEACTIVATE = "deactivate-mfa-device"
USER = (
    Part(
        "access key", "list_access_keys", "AccessKeyMetadata[]", "delete-access-key", "AccessKeyId"
    ),
    Part(
        "inline policy", "list_user_policies", "PolicyNames[]", "delete-user-policy", "PolicyName"
    ),
    Part(
        "attached policy",
        "list_attached_user_policies",
        "AttachedPolicies[]",
        "detach-user-policy",
        "PolicyArn",
    ),
    Part("group", "list_groups_for_user", "Groups[]", "remove-user-from-group", "GroupName"),
    Part("login profile", "get_login_profile", "LoginProfile", "delete-login-profile"),
    Part("MFA device", "list_mfa_devices", "MFADevices[]", DEACTIVATE, "SerialNumber"),
)
ROLE = (
    Part(
        "inline policy", "list_role_policies", "PolicyNames[]", "delete-role-policy", "PolicyName"
    ),
    Part(
        "attached policy",
        "list_attached_role_policies",
        "AttachedPolicies[]",
        "detach-role-policy",
        "PolicyArn",
    ),
)
PROFILE = (
    Part(
        "role in the profile",
        "get_instance_profile",
        "InstanceProfile.Roles[]",
        "remove-role-from-instance-profile",
        "RoleName",
    ),
)
KINDS = (
    Kind(
        "IAM user",
        "list_users",
        "Users[]",
        "UserName",
        ("list_user_tags", "Tags[]"),
        "delete-user",
        USER,
    ),
    Kind(
        "instance profile",
        "list_instance_profiles",
        "InstanceProfiles[]",
        "InstanceProfileName",
        ("get_instance_profile", "InstanceProfile.Tags[]"),
        "delete-instance-profile",
        PROFILE,
    ),
    Kind(
        "IAM role",
        "list_roles",
        "Roles[]",
        "RoleName",
        ("list_role_tags", "Tags[]"),
        "delete-role",
        ROLE,
    ),
)
