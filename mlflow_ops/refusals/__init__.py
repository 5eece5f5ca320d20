"""What AWS's errors mean, in sentences: what, where, and what to do next."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import botocore.exceptions as sdk
from botocore.parsers import ResponseParserError

from mlflow_ops.aws import code
from mlflow_ops.errors import AwsRefused, MlflowOpsError
from mlflow_ops.refusals import denials, limits
from trainer import visible

EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
UNKNOWN_KEY = {
    *("InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "AuthFailure"),
    *("SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed"),
}
THROTTLED = {
    *("Throttling", "ThrottlingException", "RequestLimitExceeded", "RequestThrottled"),
    *("SlowDown", "TooManyRequestsException", "503"),
}
FAILED = {"InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "500"}
FREE_PLAN = "Free Tier"
AGAIN = "then run the same command again"
STATES = {
    "PendingVerification": "AWS still verifies the account{where}, which takes minutes, and at "
    f"most four hours: wait for its mail, {AGAIN}.",
    "OptInRequired": "The account is not signed up for what {action} takes{where} ({said}): finish "
    f"the sign-up at https://portal.aws.amazon.com/billing/signup, {AGAIN}.",
    "Blocked": "AWS has blocked the account from {action}{where} ({said}): "
    "https://support.aws.amazon.com/#/contacts/aws-account-support opens a case with its support.",
    "InsufficientInstanceCapacity": "AWS has no such instance to give in that zone{where} now: run "
    "the same command again in some minutes, or choose another --instance-type or --subnet-id.",
    "Unsupported": "AWS does not offer that in the zone or region{where} ({said}): choose another "
    "--instance-type or --subnet-id.",
    FREE_PLAN: "The account's free plan has no such instance type{where}: choose one with "
    "--instance-type that `aws ec2 describe-instance-types --filters "
    "Name=free-tier-eligible,Values=true --query InstanceTypes[].InstanceType{option}` lists.",
}
STATES |= dict.fromkeys(("NotSignedUp", "SubscriptionRequiredException"), STATES["OptInRequired"])
STATES |= dict.fromkeys(("AccountProblem", "AllAccessDisabled"), STATES["Blocked"])
# All newer ones have to be enabled: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
ALWAYS_ENABLED = re.compile(
    "us-(east|west)-[12]|ca-central-1|sa-east-1|ap-south-1|ap-northeast-[123]|ap-southeast-[12]"
    "|eu-central-1|eu-west-[123]|eu-north-1"
)
SKEW = 300.0


# All that botocore raises for an answer, or for want of one.
FAILURES = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError)


def explain(error: Exception) -> AwsRefused:
    """Return one sentence for what botocore raised."""
    if isinstance(error, ResponseParserError):
        return AwsRefused(
            "What answered is not AWS, but perhaps a proxy or a network's login page: see to the "
            f"network, {AGAIN}."
        )
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
    name, action, met = code(error), error.operation_name, _met(error)
    said = visible.line(error.response.get("Error", {}).get("Message", ""))
    region = "" if met.get("Service") == "iam" else met.get("Region", "")
    where, option = (f" in {region}", f" --region {region}") if region else ("", "")
    if name in EXPIRED | UNKNOWN_KEY:
        return _credentials(name, region, skew(error))
    if name in denials.DENIED:
        return denials.sentence(error)
    if name in THROTTLED:
        tries = met.get("RetryAttempts", 0) + 1
        return (
            f"AWS was asked too much at once{where} and still refused {action} at try {tries} "
            f"({name}): wait a minute, {AGAIN}."
        )
    if name in FAILED:
        return f"AWS itself failed at {action}{where} ({name}): wait some minutes, {AGAIN}."
    if state := STATES.get(FREE_PLAN if FREE_PLAN in said else name):
        return state.format(where=where, option=option, action=action, said=said.rstrip("."))
    limit = limits.sentence(name, action, said, region)
    return limit or f"AWS refused {action}{where} ({name}): {said}"


def _credentials(name: str, region: str, ahead: float) -> str:
    if abs(ahead) > SKEW:
        way = "ahead of" if ahead > 0 else "behind"
        return (
            f"This machine's clock is {abs(ahead) / 60:.0f} minutes {way} AWS's, which refuses its "
            f"signatures ({name}): set it right, {AGAIN}."
        )
    if name in EXPIRED:
        return f"The AWS credentials have expired: sign in again (`aws sso login`), {AGAIN}."
    if region and not ALWAYS_ENABLED.fullmatch(region):
        return (
            f"AWS does not accept the credentials in {region} ({name}), where accounts get in only "
            f"after `aws account enable-region --region-name {region}`: do that, or see whether "
            "`aws sts get-caller-identity --region us-east-1` takes them."
        )
    return f"AWS does not accept the credentials ({name}): see `aws sts get-caller-identity`."


def skew(error: sdk.ClientError) -> float:
    """Return how many seconds this machine's clock is ahead of AWS's; 0 where AWS tells no time."""
    told = _met(error).get("HTTPHeaders", {}).get("date")
    if not told:
        return 0.0
    return (datetime.now(timezone.utc) - parsedate_to_datetime(told)).total_seconds()


def _met(error: sdk.ClientError) -> Any:  # noqa: ANN401 - botocore's own description
    return error.response.get("ResponseMetadata", {})


def words(error: Exception) -> str:
    """Return the sentence for an error, ours or AWS's."""
    ours = isinstance(error, (MlflowOpsError, OSError))
    return str(error if ours else explain(error))
