"""The MLflow server on the host, kept up by systemd where there is one."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops import commands, transcript
from mlflow_ops.ec2 import launches
from mlflow_ops.errors import HostFailed
from mlflow_ops.iam.scopes import OWN
from mlflow_ops.reach import reaching
from mlflow_ops.records import Instance, Readiness, Record, Server
from mlflow_ops.server import caddy, first_user, keeping_up, server_files, serving

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "MLflow server at the tracking URI"
PLACE = "host"
DEADLINE = 180.0
ALLOWS: Allows = {"create": OWN.allow("ec2", "CreateTags")}


def find(stack: Stack) -> Server | None:
    """Return the server: an answer from it says all, unless it has to be as wanted too."""
    instance = stack.get(Instance)
    if instance is None or not instance.address:
        return None
    found = Server(reaching.uri(stack))
    if stack.wanted is None and reaching.readiness(stack).state == "ready":
        return found
    facts = server_files.facts(stack)
    if not (facts["unit"] or facts["supervisor"]):
        return None
    if stack.wanted is None:
        return found
    told = () if instance.shape == stack.wanted.shape else ("its shape in a tag",)
    return replace(found, missing=(*server_files.lacking(stack, facts), *told))


def plan(stack: Stack) -> str:
    """Say what would be made."""
    wanted, port = stack.want(), stack.target.ports.server
    way = "straight to" if wanted.direct_artifacts else "through the server to"
    door = "no open port" if wanted.shape.access == "tunnel" else f"port {port}"
    login = "with a login" if wanted.shape.login else "no login"
    scheme = wanted.shape.scheme.upper()
    return f"{scheme}, {login}, {door}, artifacts {way} s3://{stack.names.bucket}"


def create(stack: Stack) -> Server:
    """Give the server its credentials, then (re)start it with the wanted settings."""
    host, facts = stack.host(), server_files.facts(stack)
    server_files.give_access(stack, facts)
    text = server_files.service(stack, facts)
    with first_user.made_by(stack, facts) if stack.want().shape.login else nullcontext():
        if server_files.has_systemd(facts):
            if stack.shape.tls != "acme":
                host.run(caddy.STOP)
            host.put(f"{commands.FOLDER}/unit.new", text)
            host.run(keeping_up.start_unit())
        else:
            host.put(serving.SUPERVISOR, text)
            host.run(keeping_up.start_supervisor())
    instance = stack.need(Instance)
    if instance.shape != stack.want().shape:
        launches.tell_shape(stack, instance.id, stack.want().shape)
    return Server(reaching.uri(stack))


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - its address tells where it is
    """Tell whether a client through the public URL gets an answer from the API."""
    return reaching.readiness(stack)


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: the server goes with its instance."""


def last_words(stack: Stack) -> str:
    """Return the server's last log lines, or why they cannot be had."""
    try:
        return transcript.tail([stack.host().ask(keeping_up.log())])
    except HostFailed as error:
        return f" {error}"
