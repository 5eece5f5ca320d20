"""What the server's files on the host should say, and whether they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import commands, key_file
from mlflow_ops.reach import reaching
from mlflow_ops.records import Certificate, Instance
from mlflow_ops.server import asking, keeping_up, serving

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

Facts = dict[str, str]


def facts(stack: Stack) -> Facts:
    """Ask the host what the server step needs to know; what it does not say is empty."""
    known = dict.fromkeys(asking.FACTS, "")
    return known | commands.parse_facts(stack.host().ask(asking.facts()))


def has_systemd(facts: Facts) -> bool:
    """Whether systemd keeps things up there."""
    return facts["systemd"] not in {"", "offline"}


def lacking(stack: Stack, facts: Facts) -> list[str]:
    """Return in words what is not as wanted on a host with these facts."""
    systemd = has_systemd(facts)
    wanted = stack.want()
    right = {
        "its settings": facts["unit" if systemd else "supervisor"]
        == commands.digest(service(stack, facts)),
        "a running process": facts["active"] == "active" if systemd else facts["running"] == "yes",
        "the present key": facts["credentials"] == commands.digest(credentials(stack)),
        "its region": facts["config"] == commands.digest(config(stack)),
    }
    if wanted.shape.login:
        right |= {
            "its login": facts["auth"] == commands.digest(serving.auth_ini()),
            "its first user": facts["admins"] not in {"", "0"},
            "its session key": facts["session"] == "1",
        }
    return [name for name, good in right.items() if not good]


def service(stack: Stack, facts: Facts) -> str:
    """Return the text of the unit, or of the supervisor, that is wanted."""
    wish = _wish(stack)
    if has_systemd(facts):
        return keeping_up.unit(wish, facts["home"])
    return keeping_up.supervisor(wish)


def _wish(stack: Stack) -> serving.Serving:
    instance, ports, shape = stack.need(Instance), stack.target.ports, stack.want().shape
    certificate, proxied = stack.get(Certificate), shape.tls == "acme"
    hidden = proxied or shape.access == "tunnel"
    everywhere = "" if instance.ipv6 else ports.bind
    ipv6 = f"[{instance.ipv6}]" if instance.ipv6 else ""
    names = (shape.domain, instance.address, instance.dns, ipv6)
    return serving.Serving(
        bucket=stack.names.bucket,
        bind=reaching.LOOPBACK if hidden else everywhere,
        port=serving.BEHIND_PROXY if proxied else ports.server,
        names=tuple(name for name in names if name),
        public_port=ports.server,
        scheme=shape.scheme,
        certificate=certificate.leaf if certificate and shape.tls == "own" else "",
        key=key_id(stack),
        login=shape.login,
        direct=stack.want().direct_artifacts,
        emulated=stack.aws.endpoint is not None,
    )


def give_access(stack: Stack, facts: Facts) -> None:
    """Give the host its AWS credentials and settings, and make the server's data folder.

    It has the right ones when the facts say so.
    """
    host = stack.host()
    host.run(f"mkdir -p .aws {serving.DATA} && chmod 700 .aws {serving.DATA}")
    if has_access(stack, facts):
        return
    if held := credentials(stack):
        host.put(".aws/credentials", held)
    else:
        host.run("rm -f .aws/credentials")
    host.put(".aws/config", config(stack))


def has_access(stack: Stack, facts: Facts) -> bool:
    """Whether the host has the present credentials and settings."""
    held = facts["credentials"], facts["config"]
    return held == (commands.digest(credentials(stack)), commands.digest(config(stack)))


def key_id(stack: Stack) -> str:
    """Return the public half of the host's access key; none where its role gives it some."""
    if stack.want().shape.credentials == "role":
        return ""
    return (key_file.read(stack.folder.access_key) or ("", ""))[0]


def credentials(stack: Stack) -> str:
    """Return the host's AWS credentials; none where its role gives it some."""
    if stack.want().shape.credentials == "role":
        return ""
    key_id, secret = key_file.read(stack.folder.access_key) or ("", "")
    return commands.aws_credentials(key_id, secret)


def config(stack: Stack) -> str:
    """Return the host's AWS settings."""
    return commands.aws_config(stack.names.region, stack.aws.endpoint)
