"""The stack that is rehearsed on: what stands of the real one, and stand-ins for all the rest."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from mlflow_ops import key_file
from mlflow_ops.backup import layout
from mlflow_ops.ec2 import networks
from mlflow_ops.errors import PrivateKeyLost
from mlflow_ops.folder import Folder
from mlflow_ops.records import ElasticIp, Instance
from mlflow_ops.rehearsing.answers import LAUNCHED, Answers
from mlflow_ops.rehearsing.host import Rehearsal
from mlflow_ops.rehearsing.reading import INSTANCE, ReadingAws
from mlflow_ops.stack import Stack, Voice
from mlflow_ops.steps import instance
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_ops.host import Host
    from mlflow_ops.walk import Found

# Stand-ins for what AWS gives: in letters that mean nothing to a shell.
KEY_ID, SECRET_KEY = "ACCESS-KEY-ID", "SECRET-ACCESS-KEY"
ADDRESS, DNS, IPV6 = "INSTANCE-ADDRESS", "INSTANCE-DNS-NAME", "INSTANCE-IPV6-ADDRESS"


class Staged(Stack):
    """A stack whose one host is a rehearsal, which stays on."""

    def hang_up(self) -> None:
        """Do nothing: a host that is connected to anew is the same rehearsal."""


def staged(stack: Stack, found: Found, folder: Path) -> tuple[Stack, Rehearsal]:
    """Return a stack that can do no harm, with its files in this folder, and its host."""
    machine = _instance(stack)
    real = stack.hosts.get(machine.id)
    _lay_out(stack, found, folder)
    answers = Answers(
        stack.target.fresh(), real.shown if real else LAUNCHED, users=_with_users(stack)
    )
    host = Rehearsal(answers, real)
    made = harmless(stack, ReadingAws.of(stack.aws), folder)
    target = replace(made.target, resolve=lambda _: {machine.address})
    return replace(made, target=target, hosts={machine.id: host}).knows(machine), host


class Looking(Stack):
    """A stack that lets no key of this machine into its host."""

    def _let_in(self, instance_id: str, connect: Callable[[], Host]) -> Host:  # noqa: ARG002 - as in Stack
        raise PrivateKeyLost(f"The host {instance_id} lets in no SSH key of this machine.")


def harmless(stack: Stack, aws: ReadingAws, folder: Path) -> Staged:
    """Return the stack with these clients and this folder, on which no wait lasts."""
    target, files = replace(stack.target, aws=aws), Folder(folder)
    known = (stack.wanted, stack.records, Voice(), _hurried())
    return Staged(stack.names, target, files, *known)


def _instance(stack: Stack) -> Instance:
    """Return the instance as it is once its own step is done."""
    standing, wanted, elastic = stack.get(Instance), stack.want(), stack.get(ElasticIp)
    tied = elastic.address if elastic and wanted.shape.elastic else ADDRESS
    if standing is None:
        return Instance(
            INSTANCE,
            type=wanted.instance_type,
            shape=wanted.shape,
            state="running",
            address=tied,
            dns=DNS,
            ipv6=IPV6 if networks.ipv6(wanted, wanted.subnet_id) == "1" else "",
            host_keys=(LAUNCHED,),
            born_key=True,
        )
    told = replace(standing, shape=instance.true_shape(stack, standing))
    moves = instance.ADDRESS[wanted.shape.elastic] in standing.missing
    return replace(told, address=tied, dns=DNS) if moves else told


def _lay_out(stack: Stack, found: Found, folder: Path) -> None:
    """Put copies of this machine's files there, and a stand-in for a key that is still to come."""
    files = stack.folder
    for path in (files.ca_key, files.ca_certificate, files.admin_password, files.access_key):
        if path.is_file():
            shutil.copy(path, folder)  # which takes the mode along: 0600
    key = found.get("access_key")
    if key is None or key.missing:
        key_file.write(Folder(folder).access_key, KEY_ID, SECRET_KEY)


def _with_users(stack: Stack) -> bool:
    """Whether the backup to begin with holds users; of a stream that is as the login is."""
    source = stack.want().source
    if source and source.manifest:
        return layout.USERS_DB in source.manifest.files
    return stack.want().shape.login


def _hurried() -> Clock:
    """Return a clock by which every wait is over at once: nothing comes that is not there."""
    ticks = count(step=3600)
    return Clock(lambda: float(next(ticks)), lambda _: None)
