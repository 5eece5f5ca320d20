"""EC2's dry runs, which tell whether a call would be allowed and do none of it.

A launch is not among them: the security group that it would be judged by is not there yet.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html (DryRun)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.doctor import network
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.refusals import denials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_ops.names import Names
    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target

# A key that opens nothing: only its form is looked at.
PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"


def denied(target: Target, names: Names, options: Options) -> list[str]:
    """Return the IAM actions, of those that make things, that EC2 would deny."""
    return [action for action, ask in _asks(target, names, options) if _is_denied(ask)]


def _is_denied(ask: Callable[..., object]) -> bool:
    try:
        ask(DryRun=True)
    except sdk.ClientError as error:
        return code(error) in denials.DENIED
    return False


def _asks(
    target: Target, names: Names, options: Options
) -> Iterator[tuple[str, Callable[..., object]]]:
    ec2: Any = target.aws.ec2
    tags = [{"ResourceType": "key-pair", "Tags": names.tags}]
    key = {"KeyName": names.base, "PublicKeyMaterial": PUBLIC_KEY, "TagSpecifications": tags}
    yield "ec2:ImportKeyPair", partial(ec2.import_key_pair, **key)
    try:
        vpc = network.first_in(target, options).subnets[0].vpc_id
    except (MlflowOpsError, sdk.ClientError):
        return
    group = {"GroupName": names.base, "Description": "mlflow-ops", "VpcId": vpc}
    tags = [{"ResourceType": "security-group", "Tags": names.tags}]
    yield (
        "ec2:CreateSecurityGroup",
        partial(ec2.create_security_group, **group, TagSpecifications=tags),
    )
