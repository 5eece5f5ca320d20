"""Instance profiles: EC2 knows a new one late, and one made anew is another than before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cloud import backends
from cloud.wire import refusal

from .instances import launched

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

# https://github.com/hashicorp/terraform/issues/15341
INVALID = (
    "Value ({name}) for parameter iamInstanceProfile.name is invalid. "
    "Invalid IAM Instance Profile name"
)
# https://github.com/hashicorp/terraform/issues/2660
EMPTY = 'IAM Instance Profile "{arn}" has no associated IAM Roles'
ID = re.compile(rb"(<InstanceProfileId>).*?(</InstanceProfileId>)")
GIVING = {
    "RunInstances",
    "AssociateIamInstanceProfile",
    "ReplaceIamInstanceProfileAssociation",
}


@dataclass
class Profiles:
    """Refuses profiles that EC2 does not know: a new one the first `unknown` times it is named."""

    unknown: int = 1
    on: bool = True
    _asked: dict[str, int] = field(default_factory=dict)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a call that makes a profile or gives one to an instance."""
        name = call.parameters.get("IamInstanceProfile", {}).get("Name")
        giving = self.on and call.operation in GIVING and name is not None
        if giving and (said := self._wrong(name)):
            return refusal(call, "InvalidParameterValue", said)
        answer = ask()
        if answer.good and self.on and call.operation == "CreateInstanceProfile":
            made = backends.iam().instance_profiles[call.parameters["InstanceProfileName"]]
            made.id = f"AIPA{made.id[4:].upper()}"
            answer = replace(answer, body=ID.sub(rf"\g<1>{made.id}\g<2>".encode(), answer.body))
        if answer.good and giving:
            _give(call, answer, name)
        return answer

    def _wrong(self, name: str) -> str | None:
        profile = backends.iam().instance_profiles.get(name)
        if profile is None:
            return INVALID.format(name=name)
        times = self._asked[profile.id] = self._asked.get(profile.id, 0) + 1
        if times <= self.unknown:
            return INVALID.format(name=name)
        if not profile.roles:
            return EMPTY.format(arn=profile.arn)
        return None


def _give(call: Call, answer: Answer, name: str) -> None:
    """Let the instance tell the profile's own id, for which moto has the association's."""
    profile = backends.iam().instance_profiles[name]
    for identifier in launched(answer):
        instance = backends.ec2(call.region).get_instance(identifier)
        instance.iam_instance_profile = {"Arn": profile.arn, "Id": profile.id}
