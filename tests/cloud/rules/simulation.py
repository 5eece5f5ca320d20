"""IAM's simulator, which moto lacks: what a policy would allow, told without doing any of it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloud.needs_ec2 import Need
from cloud.permissions import OPERATOR, Permissions
from cloud.wire import answer, refusal

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

ALL: dict[str, Any] = {
    "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]
}
MOTOS = b"arn:aws:sts::123456789012:user/moto"
PRINCIPAL = re.compile(r"arn:aws:iam::\d{12}:(user|group|role)/[\w+=,.@/-]+")
ARN = re.compile(r"\*|arn:aws:[\w-]+:[\w-]*:(\d{12})?:.+")


@dataclass
class Simulation:
    """Answers for whoever has `document`, a page of `page` actions at a time.

    `missing` are condition keys that the policies want and nobody has told, by a rule that denies
    in so many words where `explicit`; `organization` and `boundary` say whether the organization's
    policies and the caller's boundary are what forbids. `asked` is all that was asked.
    """

    document: dict[str, Any] = field(default_factory=lambda: ALL)
    page: int = 3
    caller: str = OPERATOR
    missing: tuple[str, ...] = ()
    explicit: bool = False
    organization: bool = True
    boundary: bool = True
    asked: list[Need] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Answer a question to the simulator."""
        if call.operation == "GetCallerIdentity" and call.ours:
            # moto names whoever has no key of its own in a way that AWS has not.
            return ask().saying(MOTOS, self.caller.encode())
        if call.operation != "SimulatePrincipalPolicy":
            return ask()
        given = call.parameters
        self.sources.add(given["PolicySourceArn"])
        if not PRINCIPAL.fullmatch(given["PolicySourceArn"]):
            return refusal(call, "InvalidInput", f"Invalid principal {given['PolicySourceArn']}.")
        for arn in given["ResourceArns"]:
            if not ARN.fullmatch(arn) or ("*" in arn and arn != "*" and "*" in arn.split("/")[0]):
                return refusal(call, "InvalidInput", f"Invalid resource {arn}.")
        start = int(given.get("Marker", "0"))
        names = given["ActionNames"][start : start + self.page]
        results = "".join(self._result(given, name) for name in names)
        more = start + self.page < len(given["ActionNames"])
        rest = f"<Marker>{start + self.page}</Marker>" if more else ""
        return answer(
            "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{rest}"
            f"<EvaluationResults>{results}</EvaluationResults>"
            "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
        )

    def _result(self, given: dict[str, Any], action: str) -> str:
        """Return one result for an action, with one for each thing inside, as AWS does now."""
        context = {
            each["ContextKeyName"]: each["ContextKeyValues"][0] for each in given["ContextEntries"]
        }
        needs = [Need(action, arn, context) for arn in given["ResourceArns"]]
        self.asked += needs
        said = {need.resource: self._decision(need) for need in needs}
        worst = next((each for each in said.values() if each != "allowed"), "allowed")
        missing = "".join(f"<member>{key}</member>" for key in self.missing)
        parts = "".join(
            f"<member><EvalResourceName>{arn}</EvalResourceName>"
            f"<EvalResourceDecision>{decision}</EvalResourceDecision>"
            f"<MissingContextValues>{missing if decision != 'allowed' else ''}"
            "</MissingContextValues></member>"
            for arn, decision in said.items()
        )
        allows = str(self.organization or worst == "allowed").lower()
        within = str(self.boundary or worst == "allowed").lower()
        return (
            f"<member><EvalActionName>{action}</EvalActionName><EvalDecision>{worst}</EvalDecision>"
            "<OrganizationsDecisionDetail><AllowedByOrganizations>"
            f"{allows}</AllowedByOrganizations></OrganizationsDecisionDetail>"
            "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>"
            f"{within}</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>"
            f"<ResourceSpecificResults>{parts}</ResourceSpecificResults></member>"
        )

    def _decision(self, need: Need) -> str:
        if Permissions(self.document).parts_for(need):
            return "allowed"
        return "explicitDeny" if self.explicit else "implicitDeny"
