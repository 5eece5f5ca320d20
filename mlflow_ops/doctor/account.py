"""Who asks AWS, in which region, and by which clock."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.config.region import usual
from mlflow_ops.doctor.check import FAIL, OK, WARN, Finding
from mlflow_ops.refusals import FAILURES, SKEW, skew

if TYPE_CHECKING:
    from mlflow_ops.settings import Settings
    from mlflow_ops.target import Target

# https://botocore.amazonaws.com/v1/documentation/api/latest/reference/credentials.html
FROM = {
    "env": "the environment",
    "shared-credentials-file": "the AWS credentials file",
    "config-file": "the AWS config file",
    "assume-role": "a role that the profile assumes",
    "assume-role-with-web-identity": "a role by web identity",
    "sso": "the AWS sign-in (SSO)",
    "iam-role": "this instance's own role",
    "container-role": "this container's own role",
    "custom-process": "the profile's credential process",
    "login": "`aws login`",
}
SOON = timedelta(hours=1)
NOTABLE = 60.0
TELL_TIME = "let the system keep the time: `timedatectl set-ntp true` on Linux"
ENDS = ("aws_expiration", "x_security_token_expires")  # where sign-in tools leave a session's end


def credentials(target: Target) -> Finding:
    """Tell who the caller is and where the credentials come from. Raises what AWS says."""
    found = target.aws.session.get_credentials()
    if found is None:
        raise sdk.NoCredentialsError
    place = FROM.get(found.method, found.method)
    who = f"{target.aws.caller} (account {target.account}), from {place}."
    if target.aws.caller.endswith(":root"):
        return Finding(
            WARN,
            f"{who} That is the account's root user, whom nothing limits.",
            "work as a user or role of IAM with what `mlflow-ops policy` prints",
        )
    end = _end(target, found.method)
    if end and end - target.aws.now() < SOON:
        return Finding(
            WARN,
            f"{who} The session ends at {end:%H:%M} UTC, perhaps before `up` is done.",
            "sign in again first",
        )
    return Finding(OK, who)


def _end(target: Target, method: str) -> datetime | None:
    """Return when a session that does not renew itself is over, as far as somebody noted it."""
    if method == "env":
        noted = os.environ.get("AWS_CREDENTIAL_EXPIRATION", "")
    else:
        profile: Any = target.aws.session._session  # noqa: SLF001 - boto3 has no public way to the profile's settings
        held = profile.get_scoped_config()
        noted = next((str(held[key]) for key in ENDS if key in held), "")
    try:
        end = datetime.fromisoformat(noted.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (end if end.tzinfo else end.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def region(target: Target, settings: Settings) -> Finding:
    """Tell which region is meant, and who chose it; its own STS has just taken the credentials."""
    return Finding(OK, f"{target.aws.region} ({_chosen(settings)}), which the account can use.")


def _chosen(settings: Settings) -> str:
    if settings.region:
        return "by --region"
    _, where = usual(settings.profile)
    return f"by {where}" if where else "our own choice"


def clock(target: Target) -> Finding | None:
    """Tell how this machine's clock and AWS's differ; None when AWS has told no time.

    A refusal tells it too, and a wrong clock may be its very cause.
    """
    try:
        ahead = target.aws.skew
    except FAILURES as error:
        if not isinstance(error, sdk.ClientError) or not skew(error):
            return None
        ahead = skew(error)
    return by(ahead)


def by(ahead: float) -> Finding:
    """Tell what so many seconds mean that this machine's clock is ahead of AWS's."""
    way = "ahead of" if ahead > 0 else "behind"
    if abs(ahead) > SKEW:
        what = f"This machine's clock is {abs(ahead) / 60:.0f} min {way} AWS's, which takes 5 min."
        return Finding(FAIL, what, TELL_TIME)
    if abs(ahead) > NOTABLE:
        return Finding(WARN, f"This machine's clock is {abs(ahead):.0f} s {way} AWS's.", TELL_TIME)
    return Finding(OK, f"This machine's clock is within {NOTABLE:.0f} s of AWS's.")
