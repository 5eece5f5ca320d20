"""Elastic IPs as AWS has them: few, tied to what runs or is stopped, and free before they go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloud import backends
from cloud.front import MOTO
from cloud.wire import answer, refusal

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

    Wrong = tuple[str, str]  # a code of EC2's, and its words
UNKNOWN = "The allocation ID '{}' does not exist"
FULL = "The maximum number of addresses has been reached."
STATE = "The {} instance '{}' is not in a valid state for this operation."
DONE = "<{name}Response><return>true</return></{name}Response>"
# Instances that an address can be tied to.
FIT = {"running", "stopped"}


@dataclass
class Addresses:
    """Refuses what AWS refuses, and keeps an address at its instance while that is stopped.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html

    A new address is `unknown` to so many calls that name it by its id; the account may have `most`
    in a region; one that loses its Elastic IP is without any address for so many of our `lending`
    questions. `drawn` is the address that AWS gives out. In the default VPC, where releasing one
    `frees` it, it may be in use. One that `clings` is shown tied to an instance that has ended.
    """

    unknown: int = 1
    most: int = 5
    lending: int = 1
    frees: bool = True
    clings: bool = False
    drawn: str = "127.0.0.1"
    _named: dict[str, int] = field(default_factory=dict)
    _waiting: dict[str, int] = field(default_factory=dict)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a call about addresses, and put those of instances right before any question."""
        if call.service != "ec2":
            return ask()
        with MOTO:
            self._settle(call)
            deed = {
                "AllocateAddress": self._allocate,
                "AssociateAddress": self._associate,
                "DisassociateAddress": self._disassociate,
                "ReleaseAddress": self._release,
            }.get(call.operation)
            if deed is None:
                return ask()
            found = deed(call)
            return refusal(call, *found) if isinstance(found, tuple) else found or ask()

    def _settle(self, call: Call) -> None:
        """Let go of what has ended, and give back an address to what has lost an elastic one."""
        for each in backends.ec2(call.region).addresses:
            if each.instance and each.instance.state == "terminated" and not self.clings:
                _untie(each)
        if not (call.ours and call.operation == "DescribeInstances"):
            return
        for instance in backends.instances(call.region):
            if instance.id in self._waiting and instance.state == "running":
                self._waiting[instance.id] -= 1
                if self._waiting[instance.id] < 0:
                    del self._waiting[instance.id]
                    instance.nics[0].check_auto_public_ip()

    def _allocate(self, call: Call) -> Wrong | None:
        held = backends.ec2(call.region).addresses
        return ("AddressLimitExceeded", FULL) if len(held) >= self.most else None

    def _associate(self, call: Call) -> Wrong | Answer | None:
        identifier, given = call.parameters["AllocationId"], call.parameters
        address = _address(call, identifier)
        if address is None or self._is_new(identifier):
            return "InvalidAllocationID.NotFound", UNKNOWN.format(identifier)
        instance = backends.ec2(call.region).get_instance_by_id(given["InstanceId"])
        if instance is None:
            return "InvalidInstanceID.NotFound", "The instance ID does not exist"
        if instance.state not in FIT:
            return "InvalidInstanceID", STATE.format(instance.state, instance.id)
        if address.instance not in {None, instance}:
            if given.get("AllowReassociation") is False:
                return "Resource.AlreadyAssociated", f"resource {identifier} is already associated"
            _untie(address)
        for other in backends.ec2(call.region).addresses:
            if other is not address and other.instance is instance:
                _untie(other)  # it stays the account's
        self._waiting.pop(instance.id, None)
        return None

    def _is_new(self, identifier: str) -> bool:
        times = self._named[identifier] = self._named.get(identifier, 0) + 1
        return times <= self.unknown

    def _disassociate(self, call: Call) -> Wrong | Answer:
        named, held = call.parameters["AssociationId"], backends.ec2(call.region).addresses
        found = next((each for each in held if each.association_id == named), None)
        if found is None:
            return "InvalidAssociationID.NotFound", f"The association ID '{named}' does not exist"
        self._lose(found)
        return answer(DONE.format(name=call.operation))

    def _release(self, call: Call) -> Wrong | Answer:
        identifier = call.parameters["AllocationId"]
        found = _address(call, identifier)
        if found is None:
            return "InvalidAllocationID.NotFound", UNKNOWN.format(identifier)
        if found.instance and not (self.frees and _in_default_vpc(call, found.instance)):
            return "InvalidIPAddress.InUse", f"Address {found.public_ip} is in use."
        self._lose(found)
        backends.ec2(call.region).addresses.remove(found)
        backends.ec2(call.region).tags.pop(identifier, None)
        return answer(DONE.format(name=call.operation))

    def _lose(self, address: Any) -> None:  # noqa: ANN401 - moto has no types
        """Take an Elastic IP from its instance, which gets another address if it was born to it."""
        instance = address.instance
        _untie(address)
        if instance and len(instance.nics) == 1:
            self._waiting[instance.id] = self.lending


def at_its_instance(instance: Any) -> str | None:  # noqa: ANN401 - likewise
    """Return the Elastic IP that is tied to an instance, if there is one."""
    held = instance.ec2_backend.addresses
    return next((each.public_ip for each in held if each.instance is instance), None)


def _address(call: Call, identifier: str) -> Any:  # noqa: ANN401 - likewise
    held = backends.ec2(call.region).addresses
    return next((each for each in held if each.allocation_id == identifier), None)


def _untie(address: Any) -> None:  # noqa: ANN401 - likewise
    if address.eni:
        address.eni.public_ip = None
    address.instance = address.eni = address.association_id = None


def _in_default_vpc(call: Call, instance: Any) -> bool:  # noqa: ANN401 - likewise
    return bool(instance.vpc_id == getattr(backends.default_vpc(call.region), "id", ""))
