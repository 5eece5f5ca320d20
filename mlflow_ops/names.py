"""What everything of a stack is called: derived from its name, account and region alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlflow_ops.errors import BadOption

TAG = "mlflow-ops:stack"
REGION_TAG = "mlflow-ops:region"
KEPT_TAG = "mlflow-ops:kept"
SHAPE_TAG = "mlflow-ops:shape"
HOST_KEY_TAG = "mlflow-ops:host-key"
RAN_TAG = "mlflow-ops:ran"
STOPS_TAG = "mlflow-ops:stops"
IAM_PATH = "/mlflow-ops/"
# The bucket's name holds the stack's, the account and the region, and may have 63 characters.
LONGEST = 20
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
NO_ACCOUNT_NAMESPACE = frozenset({"me-south-1", "me-central-1"})


def checked(name: str) -> str:
    """Return a stack's name when it is a good one; raise BadOption otherwise."""
    if len(name) > LONGEST or not re.fullmatch(r"[a-z]([a-z0-9]|-(?=[a-z0-9]))*", name):
        raise BadOption(
            f"The stack name {name!r} will not do: take 1 to {LONGEST} lower-case letters, digits "
            "and single hyphens, beginning with a letter."
        )
    return name


@dataclass(frozen=True)
class Names:
    """The names and tags of one stack's resources."""

    stack: str
    account: str
    region: str

    @property
    def base(self) -> str:
        """The name shared by the IAM user, profile, key pair, security group and instance."""
        return f"mlflow-ops-{self.stack}-{self.region}"

    @property
    def owns_namespace(self) -> bool:
        """Whether S3 keeps bucket names of this account and region for this account alone."""
        return self.region not in NO_ACCOUNT_NAMESPACE

    @property
    def bucket(self) -> str:
        """The bucket's name, the same for ever for one account, region and stack."""
        suffix = "-an" if self.owns_namespace else ""
        return f"mlflow-ops-{self.stack}-{self.account}-{self.region}{suffix}"

    @property
    def tags(self) -> list[dict[str, str]]:
        """The tags on every resource, as AWS's Key and Value pairs."""
        return [
            {"Key": TAG, "Value": self.stack},
            {"Key": REGION_TAG, "Value": self.region},
            {"Key": "Name", "Value": self.base},
        ]

    @property
    def filters(self) -> list[dict[str, object]]:
        """The EC2 filters that find what carries the stack's tag."""
        return [{"Name": f"tag:{TAG}", "Values": [self.stack]}]

    def own(self, tags: list[dict[str, str]]) -> bool:
        """Whether these tags of a resource say that it belongs to this stack."""
        found = {tag["Key"]: tag["Value"] for tag in tags}
        return found.get(TAG) == self.stack and found.get(REGION_TAG, self.region) == self.region
