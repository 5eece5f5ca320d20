"""Every error a user can cause, and the exit code each one ends with.

MlflowOpsError         1   something failed: what, where, what to do next
├── BadOption          2   an option that cannot be right; nothing was changed
├── NotReady           3   there is no stack, or it does not answer yet
│   ├── Refused            the server answers with an error
│   └── TooSlow            the server is there, and takes longer than we wait
├── NotOurs            1   a resource has our name but not our tag
├── WrongPlace         1   this name belongs to a stack or a server in another place
├── Locked             1   another command is at work on the stack
├── AwsRefused         1   AWS said no, or was not to be reached
├── TimedOut           1   something did not happen before its deadline
└── HostFailed         1   the machine behind the instance
    ├── HostUnreachable    no answer over SSH
    │   └── KeyRefused     the key on this machine is not let in
    ├── PrivateKeyLost     the key that opens it is not on this machine
    ├── HostKeyChanged     it answers with another host key than the known one
    ├── HostKeyUnknown     nothing tells the host key that it should have
    └── CommandFailed      a command on it ended with an error
"""

from __future__ import annotations


class MlflowOpsError(Exception):
    """One clear sentence for the user: what went wrong, where, and what to do next."""

    exit_code = 1


class BadOption(MlflowOpsError):
    """An option that cannot be right; nothing was changed."""

    exit_code = 2


class NotReady(MlflowOpsError):
    """There is no stack of this name, or it does not answer yet."""

    exit_code = 3


class Refused(NotReady):
    """The server answered a request with an HTTP error; `status` is its code."""

    def __init__(self, uri: str, status: int, said: str) -> None:
        super().__init__(f"The server at {uri} answers {status}: {said}")
        self.status, self.said = status, said


class TooSlow(NotReady):
    """The server took a request, and gave no answer before our deadline."""


class NotOurs(MlflowOpsError):
    """A resource carries the name we would give it, but not our tag."""


class WrongPlace(MlflowOpsError):
    """What has this name stands in another account or region, or runs on another machine."""


class Locked(MlflowOpsError):
    """Another command is at work on the stack."""


class AwsRefused(MlflowOpsError):
    """AWS said no, or could not be reached."""


class TimedOut(MlflowOpsError):
    """Something did not happen before its deadline."""


class HostFailed(MlflowOpsError):
    """The machine behind the instance did not do what was asked."""


class HostUnreachable(HostFailed):
    """The host does not answer over SSH."""


class KeyRefused(HostUnreachable):
    """The host does not let in the private key on this machine, or not yet."""


class PrivateKeyLost(HostFailed):
    """The private key that opens the host is not on this machine."""


class HostKeyChanged(HostFailed):
    """The host shows another key than the one it is known by."""


class HostKeyUnknown(HostFailed):
    """Nothing tells which key the host should show."""


class CommandFailed(HostFailed):
    """A command on the host ended with an error or ran past its deadline."""
