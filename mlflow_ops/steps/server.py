"""The MLflow server on the host, kept up by systemd where there is one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mlflow_ops import commands, key_file, serving, transcript
from mlflow_ops.errors import HostFailed, NotReady
from mlflow_ops.records import READY, Instance, Readiness, Record, Server
from mlflow_ops.tracking import Tracking

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "MLflow server at the tracking URI"
PLACE = "host"
DEADLINE = 180.0
ALLOWS: Allows = {}

Facts = dict[str, str]


def uri(stack: Stack) -> str:
    """Return the URI that clients use: the instance's address and the server's port."""
    return f"http://{stack.need(Instance).address}:{stack.target.ports.server}"


def find(stack: Stack) -> Server | None:
    """Return the server: an answer from it says all, unless it has to be as wanted too."""
    instance = stack.get(Instance)
    if instance is None or not instance.address:
        return None
    found = Server(uri(stack))
    if stack.wanted is None and _answers(found.id):
        return found
    facts = _facts(stack)
    if not (facts["unit"] or facts["supervisor"]):
        return None
    return Server(uri(stack), missing=tuple(_lacking(stack, facts)) if stack.wanted else ())


def plan(stack: Stack) -> str:
    """Say what would be made."""
    way = "straight to" if stack.want().direct_artifacts else "through the server to"
    return f"port {stack.target.ports.server}, artifacts {way} s3://{stack.names.bucket}"


def create(stack: Stack) -> Server:
    """Give the server its credentials, then (re)start it with the wanted settings."""
    host, facts = stack.host(), _facts(stack)
    host.run("mkdir -p .aws && chmod 700 .aws")
    host.put(".aws/credentials", _credentials(stack))
    host.put(".aws/config", _config(stack))
    text = _service(stack, facts)
    if _has_systemd(facts):
        host.put(f"{commands.FOLDER}/unit.new", text)
        host.run(serving.start_unit())
    else:
        host.put(serving.SUPERVISOR, text)
        host.run(serving.start_supervisor())
    return Server(uri(stack))


def ready(stack: Stack, record: Record) -> Readiness:
    """Tell whether a client through the public URL gets an answer from the API."""
    try:
        Tracking(record.id).look()
    except NotReady as error:
        return Readiness("pending" if stack.wanted else "broken", str(error))
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: the server goes with its instance."""


def last_words(stack: Stack) -> str:
    """Return the server's last log lines, or why they cannot be had."""
    try:
        return transcript.tail([stack.host().run(serving.log())])
    except HostFailed as error:
        return f" {error}"


def _answers(tracking_uri: str) -> bool:
    try:
        Tracking(tracking_uri).look()
    except NotReady:
        return False
    return True


def _facts(stack: Stack) -> Facts:
    known = dict.fromkeys(serving.FACTS, "")
    return known | commands.parse_facts(stack.host().run(serving.facts()))


def _has_systemd(facts: Facts) -> bool:
    return facts["systemd"] not in {"", "offline"}


def _lacking(stack: Stack, facts: Facts) -> list[str]:
    systemd = _has_systemd(facts)
    right = {
        "its settings": facts["unit" if systemd else "supervisor"]
        == _sha256(_service(stack, facts)),
        "a running process": facts["active"] == "active" if systemd else facts["running"] == "yes",
        "the present key": facts["credentials"] == _sha256(_credentials(stack)),
        "its region": facts["config"] == _sha256(_config(stack)),
    }
    return [name for name, good in right.items() if not good]


def _service(stack: Stack, facts: Facts) -> str:
    instance, ports = stack.need(Instance), stack.target.ports
    wish = serving.Serving(
        bucket=stack.names.bucket,
        bind=ports.bind,
        port=ports.server,
        names=tuple(name for name in (instance.address, instance.dns) if name),
        direct=stack.want().direct_artifacts,
        emulated=stack.aws.endpoint is not None,
    )
    if _has_systemd(facts):
        return serving.unit(wish, facts["home"])
    return serving.supervisor(wish)


def _credentials(stack: Stack) -> str:
    key_id, secret = key_file.read(stack.folder.access_key) or ("", "")
    return commands.aws_credentials(key_id, secret)


def _config(stack: Stack) -> str:
    return commands.aws_config(stack.names.region, stack.aws.endpoint)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
