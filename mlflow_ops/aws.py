"""The one place that makes AWS clients."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions as sdk
import botocore.session
from botocore.config import Config
from botocore.utils import CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES as SERVICE_IDS

from mlflow_ops import __version__, regions
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2_instance_connect import EC2InstanceConnectClient
    from types_boto3_iam import IAMClient
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_s3 import S3Client
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient
    from types_boto3_sts.type_defs import GetCallerIdentityResponseTypeDef

FALLBACK_REGION = "us-east-1"
# Sessions are not thread-safe, clients are.
# https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
_MAKING = threading.Lock()


@dataclass(frozen=True)
class Aws:
    """The AWS clients of one run, each made when it is first used."""

    session: boto3.Session
    region: str
    endpoint: str | None = None

    def _client(self, service: Any) -> Any:  # noqa: ANN401 - the typed properties below name each one
        config = Config(
            retries={"mode": "standard", "max_attempts": 8},
            connect_timeout=10,
            read_timeout=60,
            user_agent_extra=f"mlflow-ops/{__version__}",
            # An emulator has no DNS names for buckets.
            s3={"addressing_style": "path"} if self.endpoint else {},
        )
        service_id = SERVICE_IDS.get(service, service).replace("-", "_").upper()
        endpoint = os.environ.get(f"AWS_ENDPOINT_URL_{service_id}") or self.endpoint
        with _MAKING:
            client = self.session.client(service, self.region, endpoint_url=endpoint, config=config)
        client.meta.events.register("after-call", self._place)
        return client

    def _place(self, parsed: dict[str, Any], model: OperationModel, **_: object) -> None:
        """Put down in an answer where it is from, for errors say neither service nor region."""
        here = {"Region": self.region, "Service": model.service_model.signing_name}
        if met := parsed.get("ResponseMetadata"):
            met.update(here)

    @cached_property
    def ec2(self) -> EC2Client:
        """EC2 in the stack's region."""
        client: EC2Client = self._client("ec2")
        return client

    @cached_property
    def iam(self) -> IAMClient:
        """IAM, which is global."""
        client: IAMClient = self._client("iam")
        return client

    @cached_property
    def s3(self) -> S3Client:
        """S3 in the stack's region."""
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def ssm(self) -> SSMClient:
        """Systems Manager, for its public parameters."""
        client: SSMClient = self._client("ssm")
        return client

    @cached_property
    def instance_connect(self) -> EC2InstanceConnectClient:
        """EC2 Instance Connect in the stack's region."""
        client: EC2InstanceConnectClient = self._client("ec2-instance-connect")
        return client

    @cached_property
    def tagging(self) -> ResourceGroupsTaggingAPIClient:
        """The Resource Groups Tagging API, which lists what carries a tag in the region."""
        client: ResourceGroupsTaggingAPIClient = self._client("resourcegroupstaggingapi")
        return client

    @property
    def uses_tls(self) -> bool:
        """Whether S3 is reached over TLS, as it always is but for some emulators."""
        return self.s3.meta.endpoint_url.startswith("https://")

    @property
    def identity(self) -> tuple[str, str]:
        """The caller's account number and partition (`aws`, `aws-cn`, …)."""
        answer, _ = self._caller
        return answer["Account"], answer["Arn"].split(":")[1]

    def now(self) -> datetime:
        """Return the time by AWS's clock, in UTC, which is the same for every machine."""
        answer, met = self._caller
        then = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return then + timedelta(seconds=time.time() - met)

    @cached_property
    def _caller(self) -> tuple[GetCallerIdentityResponseTypeDef, float]:
        """What AWS says of the caller, and when it did, by the clock that runs in sleep too."""
        client: STSClient = self._client("sts")
        return client.get_caller_identity(), time.time()


def connect(region: str | None, profile: str | None) -> Aws:
    """Return the clients that the standard AWS environment and these two options lead to.

    Raises BadOption for a region that AWS does not have or a profile that is not configured.
    """
    try:
        session = boto3.Session(profile_name=profile)
    except sdk.ProfileNotFound as error:
        raise BadOption(f"{error}. See `aws configure list-profiles`.") from error
    chosen = region or os.environ.get("AWS_REGION") or session.region_name or FALLBACK_REGION
    regions.check(chosen, session)
    return Aws(session, chosen, _endpoint(session))


def _endpoint(session: boto3.Session) -> str | None:
    profile: botocore.session.Session = session._session  # noqa: SLF001 - boto3 has no public way to the profile's settings
    configured: str | None = profile.get_scoped_config().get("endpoint_url")
    found = os.environ.get("AWS_ENDPOINT_URL") or configured
    if found and not found.startswith(("http://", "https://")):
        raise BadOption(f"AWS_ENDPOINT_URL is {found!r}: it must begin with http:// or https://.")
    return found


def code(error: sdk.ClientError) -> str:
    """Return AWS's own name for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))
