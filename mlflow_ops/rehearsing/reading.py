"""AWS clients that can change nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from mlflow_ops.aws import Aws

if TYPE_CHECKING:
    from botocore.model import OperationModel

# How the names of those calls begin that only read, in all the services that we use.
READS = ("Describe", "Get", "Head", "List")
# What stands for an instance that is still to be launched; AWS knows nothing of it.
INSTANCE = "INSTANCE-ID"


@dataclass(frozen=True)
class ReadingAws(Aws):
    """Clients whose changing calls leave no trace: nothing is sent, and the answer is empty.

    What was not sent is kept in `unsent`, in order, as in `ec2:TerminateInstances`.
    """

    unsent: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, aws: Aws) -> ReadingAws:
        """Return such clients for the same account and region."""
        return cls(aws.session, aws.region, aws.endpoint)

    def _client(self, service: Any, region: str | None = None) -> Any:  # noqa: ANN401 - as what it takes the place of
        client = super()._client(service, region)
        client.meta.events.register_first("before-call", self._instead)
        return client

    def _instead(
        self, model: OperationModel, params: dict[str, Any], **_: object
    ) -> tuple[AWSResponse, dict[str, Any]] | None:
        """Answer a changing call in AWS's place, as botocore lets a handler; None lets it be sent.

        https://github.com/boto/botocore/blob/develop/botocore/client.py has `before-call`.
        """
        reads = model.name.startswith(READS)
        if reads and INSTANCE not in str(params.get("body")):
            return None
        if not reads:
            self.unsent.append(f"{model.service_model.signing_name}:{model.name}")
        nothing = AWSResponse(params["url"], 200, HTTPHeaders(), None)
        return nothing, {"ResponseMetadata": {"HTTPStatusCode": 200}}
