"""What Service Quotas and the Free Tier's API tell of an account; moto knows neither of EC2's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloud import backends
from cloud.wire import JSON, answer, refusal

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

    from .addresses import Addresses
    from .capacity import Capacity

# Of vCPUs of running on-demand standard instances, and of Elastic IPs.
VCPUS, ADDRESSES = "L-1216C47A", "L-0263D0A3"
END = 1_790_000_000  # of a free plan, in seconds since 1970


@dataclass
class Quotas:
    """Tells what the other two rules hold to; an `expired` plan is one that allows nothing.

    `promised` vCPUs are told in the place of those that are given.
    """

    capacity: Capacity
    addresses: Addresses
    expired: bool = False
    promised: int | None = None

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Answer what is asked of a quota or of the plan."""
        if call.operation == "GetServiceQuota":
            return self._quota(call)
        if call.operation == "GetAccountPlanState":
            return answer(json.dumps(self._plan()), JSON)
        return ask()

    def _quota(self, call: Call) -> Answer:
        name, service = call.parameters["QuotaCode"], call.parameters["ServiceCode"]
        vcpus = self.capacity.vcpus if self.promised is None else self.promised
        held = {VCPUS: vcpus, ADDRESSES: self.addresses.most}
        if name not in held or service != "ec2":
            return refusal(call, "NoSuchResourceException", "The request failed: no such quota.")
        quota = {"QuotaCode": name, "ServiceCode": service, "Value": float(held[name])}
        return answer(json.dumps({"Quota": quota}), JSON)

    def _plan(self) -> dict[str, Any]:
        state = "EXPIRED" if self.expired else "ACTIVE"
        told = {"accountId": backends.ACCOUNT, "accountPlanStatus": state}
        if self.capacity.free is None:
            return told | {"accountPlanType": "PAID"}
        credit = {"amount": 87.2, "unit": "USD"}
        left = {"accountPlanRemainingCredits": credit, "accountPlanExpirationDate": END}
        return told | left | {"accountPlanType": "FREE"}
