"""The one place that makes AWS clients."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import botocore.exceptions as sdk

from mlflow_ops import __version__, regions, services
from mlflow_ops.config.region import FALLBACK
from mlflow_ops.errors import BadOption
from mlflow_ops.services import Service

if TYPE_CHECKING:
    import boto3
    from botocore.model import OperationModel
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2_instance_connect import EC2InstanceConnectClient
    from types_boto3_freetier import FreeTierClient
    from types_boto3_iam import IAMClient
    from types_boto3_pricing import PricingClient
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_s3 import S3Client
    from types_boto3_service_quotas import ServiceQuotasClient
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient
    from types_boto3_sts.type_defs import GetCallerIdentityResponseTypeDef

# Sessions are not thread-safe, clients are.
# https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
_MAKING = threading.Lock()


@dataclass(frozen=True)
class Aws:
    """The AWS clients of one run, each made when it is first used.

    `types` is what AWS has said of instance types, which stays the same for a run.
    """

    session: boto3.Session
    region: str
    endpoint: str | None = None
    types: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    ec2: ClassVar[Service[EC2Client]] = Service("ec2")
    iam: ClassVar[Service[IAMClient]] = Service("iam")
    s3: ClassVar[Service[S3Client]] = Service("s3")
    ssm: ClassVar[Service[SSMClient]] = Service("ssm")
    instance_connect: ClassVar[Service[EC2InstanceConnectClient]] = Service("ec2-instance-connect")
    tagging: ClassVar[Service[ResourceGroupsTaggingAPIClient]] = Service("resourcegroupstaggingapi")
    quotas: ClassVar[Service[ServiceQuotasClient]] = Service("service-quotas")
    # AWS's price list and the account's plan are told in us-east-1 for all regions.
    pricing: ClassVar[Service[PricingClient]] = Service("pricing", "us-east-1")
    plan: ClassVar[Service[FreeTierClient]] = Service("freetier", "us-east-1")

    def _client(self, service: Any, region: str | None = None) -> Any:  # noqa: ANN401 - the typed services above name each one
        from botocore.config import Config  # noqa: PLC0415 - with boto3, see below

        config = Config(
            retries={"mode": "standard", "max_attempts": 8},
            connect_timeout=10,
            read_timeout=60,
            user_agent_extra=f"mlflow-ops/{__version__}",
            # An emulator has no DNS names for buckets.
            s3={"addressing_style": "path"} if self.endpoint else {},
        )
        there = services.endpoint(service) or self.endpoint
        where: Any = {"region_name": region or self.region, "endpoint_url": there}
        with _MAKING:
            client = self.session.client(service, config=config, **where)
        client.meta.events.register("after-call", _place)
        return client

    @property
    def uses_tls(self) -> bool:
        """Whether S3 is reached over TLS, as it always is but for some emulators."""
        return self.s3.meta.endpoint_url.startswith("https://")

    @property
    def caller(self) -> str:
        """The caller's ARN."""
        return self._caller[0]["Arn"]

    @property
    def identity(self) -> tuple[str, str]:
        """The caller's account number and partition (`aws`, `aws-cn`, …)."""
        answer, _ = self._caller
        return answer["Account"], answer["Arn"].split(":")[1]

    def now(self) -> datetime:
        """Return the time by AWS's clock, in UTC, which is the same for every machine."""
        return datetime.now(timezone.utc) - timedelta(seconds=self.skew)

    @property
    def skew(self) -> float:
        """How many seconds this machine's clock is ahead of AWS's."""
        answer, met = self._caller
        then = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return met - then.timestamp()

    @cached_property
    def _caller(self) -> tuple[GetCallerIdentityResponseTypeDef, float]:
        """What AWS says of the caller, and when it did, by the clock that runs in sleep too."""
        client: STSClient = self._client("sts")
        return client.get_caller_identity(), time.time()


def _place(parsed: dict[str, Any], model: OperationModel, context: Any, **_: object) -> None:  # noqa: ANN401 - botocore's own
    """Put down in an answer where it is from, for errors say neither service nor region."""
    region, service = context["client_region"], model.service_model.signing_name
    if met := parsed.get("ResponseMetadata"):
        met.update(Region=region, Service=service)


def connect(region: str | None, profile: str | None) -> Aws:
    """Return the clients that the standard AWS environment and these two options lead to.

    Raises BadOption for a region that AWS does not have or a profile that is not configured.
    """
    import boto3  # noqa: PLC0415 - takes 0.4 s, and a --help or a Tab needs no AWS

    try:
        session = boto3.Session(profile_name=profile)
    except sdk.ProfileNotFound as error:
        raise BadOption(f"{error}. See `aws configure list-profiles`.") from error
    chosen = region or os.environ.get("AWS_REGION") or session.region_name or FALLBACK
    regions.check(chosen, session)
    return Aws(session, chosen, _endpoint(session))


def _endpoint(session: boto3.Session) -> str | None:
    profile: Any = session._session  # noqa: SLF001 - boto3 has no public way to the profile's settings
    configured: str | None = profile.get_scoped_config().get("endpoint_url")
    found = os.environ.get("AWS_ENDPOINT_URL") or configured
    if found and not found.startswith(("http://", "https://")):
        raise BadOption(f"AWS_ENDPOINT_URL is {found!r}: it must begin with http:// or https://.")
    return found


def code(error: sdk.ClientError) -> str:
    """Return AWS's own name for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))
