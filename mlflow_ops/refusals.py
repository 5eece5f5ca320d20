"""What AWS's errors mean, in sentences."""

from __future__ import annotations

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import AwsRefused, MlflowOpsError

EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
UNKNOWN_KEY = {"InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthFailure"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def explain(error: Exception) -> AwsRefused:
    """Return one sentence for what botocore raised."""
    if isinstance(error, sdk.ClientError):
        return AwsRefused(_explain_answer(error))
    if isinstance(error, (sdk.NoCredentialsError, sdk.PartialCredentialsError)):
        return AwsRefused(
            "There are no AWS credentials here: run `aws configure`, set AWS_PROFILE, "
            "or try everything without an account with --sandbox."
        )
    if isinstance(error, (sdk.TokenRetrievalError, sdk.SSOError)):
        return AwsRefused(f"The AWS sign-in is over ({error}): run `aws sso login` and try again.")
    if isinstance(error, (sdk.ConnectionError, sdk.HTTPClientError)):
        return AwsRefused(f"AWS could not be reached: {error} Check the network and try again.")
    return AwsRefused(f"AWS: {error}")


def _explain_answer(error: sdk.ClientError) -> str:
    name, action = code(error), error.operation_name
    said = error.response.get("Error", {}).get("Message", "")
    if name in EXPIRED:
        return "The AWS credentials have expired: sign in again, then run the same command."
    if name in UNKNOWN_KEY:
        return f"AWS does not accept the credentials ({name}): see `aws sts get-caller-identity`."
    if name in DENIED:
        return f"AWS does not allow these credentials to call {action}: {said}"
    return f"AWS refused {action} ({name}): {said}"


def words(error: Exception) -> str:
    """Return the sentence for an error, ours or AWS's."""
    ours = isinstance(error, (MlflowOpsError, OSError))
    return str(error if ours else explain(error))
