"""What S3 refuses of buckets and moto does not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from cloud import backends
from cloud.front import MOTO
from cloud.wire import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.wire import Answer, Ask, Call

MOST = 1000
MALFORMED = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)
CONFLICT = (
    "A conflicting conditional operation is currently in progress against this resource. "
    "Please try again."
)
TAKEN = (
    "The requested bucket name is not available. The bucket namespace is shared by all users of "
    "the system. Please select a different name and try again."
)


@dataclass
class Buckets:
    """Keeps S3's own rules.

    `unavailable` is how often a name just deleted is refused before it can be taken again;
    `foreign` are names of somebody else's buckets; `failing` has, by key, the error codes that
    its next deletions meet inside an answer that says 200.
    """

    unavailable: int = 1
    foreign: set[str] = field(default_factory=set)
    failing: dict[str, Iterator[str]] = field(default_factory=dict)
    on: bool = True
    _deleted: dict[str, int] = field(default_factory=dict)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a call to a bucket."""
        if call.service != "s3" or "Bucket" not in call.parameters or not self.on:
            return ask()
        if refused := self._owner(call):
            return refused
        if call.operation == "CreateBucket":
            return self._name(call) or ask()
        if call.operation == "DeleteObjects":
            return self._delete_objects(call, ask)
        answer = ask()
        if call.operation == "DeleteBucket" and answer.good:
            self._deleted[call.parameters["Bucket"]] = self.unavailable
        return answer

    def _owner(self, call: Call) -> Answer | None:
        expected = call.parameters.get("ExpectedBucketOwner", backends.ACCOUNT)
        foreign = call.parameters["Bucket"] in self.foreign
        if foreign and call.operation == "CreateBucket":
            return refusal(call, "BucketAlreadyExists", TAKEN, 409)
        there = call.parameters["Bucket"] in backends.s3().buckets
        if foreign or (there and expected != backends.ACCOUNT):
            return refusal(call, "AccessDenied", "Access Denied", 403)
        return None

    def _name(self, call: Call) -> Answer | None:
        name, given = call.parameters["Bucket"], call.parameters
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
        own = given.get("BucketNamespace") == "account-regional"
        if own != name.endswith("-an") or (
            own and not name.endswith(f"-{backends.ACCOUNT}-{call.region}-an")
        ):
            return refusal(call, "InvalidBucketName", "The specified bucket is not valid.")
        if self._deleted.get(name, 0) > 0:
            self._deleted[name] -= 1
            return refusal(call, "OperationAborted", CONFLICT, 409)
        return None

    def _delete_objects(self, call: Call, ask: Ask) -> Answer:
        objects = call.parameters.get("Delete", {}).get("Objects", [])
        if not 0 < len(objects) <= MOST:
            return refusal(call, "MalformedXML", MALFORMED)
        named = {one["Key"]: one for one in objects if one["Key"] in self.failing}
        codes = {key: next(self.failing[key], "") for key in named}
        failed = {key: code for key, code in codes.items() if code}
        if not failed:
            return ask()
        with MOTO:
            return _but(call.parameters["Bucket"], failed, named, ask)


def _but(bucket: str, failed: dict[str, str], named: dict[str, Any], ask: Ask) -> Answer:
    """Let moto delete all but these keys, and say of them what failed."""
    keys = backends.s3().get_bucket(bucket).keys
    kept = {key: dict.pop(keys, key) for key in failed if key in keys}
    answer = ask()
    for key, versions in kept.items():
        dict.__setitem__(keys, key, versions)
    body = answer.body.decode()
    for key, code in failed.items():
        version = named[key].get("VersionId")
        which = f"<VersionId>{version}</VersionId>" if version else ""
        what = f"<Code>{code}</Code><Message>{code}</Message>"
        said = f"<Error><Key>{escape(key)}</Key>{which}{what}</Error>"
        head, deleted, tail = body.partition(f"<Deleted><Key>{escape(key)}</Key>")
        if deleted:
            body = head + tail.partition("</Deleted>")[2]
        body = body.replace("</DeleteResult>", f"{said}</DeleteResult>")
    return replace(answer, body=body.encode())
