"""Where `open` finds the page: at the open port, else through the host, with TLS ending here."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from client import parts

from mlflow_ops import files
from mlflow_ops.errors import NotReady, PrivateKeyLost
from mlflow_ops.folder import Folder
from mlflow_ops.names import Names
from mlflow_ops.reach import page
from mlflow_ops.reach.line import plain_line
from mlflow_ops.records import Instance
from mlflow_ops.shape import Shape
from mlflow_ops.stack import Stack
from mlflow_ops.target import AwsFiles, Ports, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.reach.line import Line

NOBODY = 9


@dataclass
class HostDouble:
    """A host whose own ports are those of `leads`; `asked` are those it was asked for."""

    leads: dict[int, int]
    asked: list[tuple[str, int]] = field(default_factory=list)
    closed: bool = False

    def line(self, address: str, port: int) -> Line:
        self.asked.append((address, port))
        return plain_line(address, self.leads[port])

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    with parts.serving(parts.echo, parts.server_context(tmp_path, "localhost")) as port:
        yield port


def stack_at(port: int, host: Any = None, **shape: str) -> Stack:  # noqa: ANN401 - a double or none
    folder = Folder(Path("ops").absolute())
    files.write_private(folder.ca_certificate, parts.authority()[1])
    nothing: Any = None
    aws_files = AwsFiles(Path("credentials"), Path("config"))
    target = Target("aws", nothing, aws_files, Ports(NOBODY, port), lambda: "")
    instance = Instance("i-1", address="127.0.0.1", shape=Shape(**shape))  # type: ignore[arg-type]  # words alone
    stack = Stack(Names("mlflow", "123456789012", "us-east-1"), target, folder)
    return Stack.knows(stack, instance) if host is None else with_host(stack, instance, host)


def with_host(stack: Stack, instance: Instance, host: Any) -> Stack:  # noqa: ANN401 - a double
    stack.hosts[instance.id] = host
    return stack.knows(instance)


def echoed(uri: str) -> bytes:
    port = int(uri.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(b"hello")
        return line.recv(100)


served = partial(page.served, port=0, failed=print)


def test_an_open_port_is_used_and_no_ssh(server: int) -> None:
    host = HostDouble({})
    with served(stack_at(server, host)) as found:
        assert (found.way, echoed(found.uri)) == ("port", b"hello")
    assert host.asked == []


def test_a_port_that_does_not_answer_is_reached_through_the_host(server: int) -> None:
    host = HostDouble({NOBODY: server})
    with served(stack_at(NOBODY, host)) as found:
        assert (found.way, echoed(found.uri)) == ("tunnel", b"hello")
    assert host.asked == [("127.0.0.1", NOBODY)]
    assert host.closed


def test_a_stack_behind_a_tunnel_is_never_asked_at_its_port(server: int) -> None:
    """What answers there would be somebody else's."""
    host = HostDouble({server: server})
    with served(stack_at(server, host, access="tunnel")) as found:
        assert (found.way, echoed(found.uri)) == ("tunnel", b"hello")


def test_a_domain_that_answers_is_opened_as_it_is(server: int) -> None:
    with served(stack_at(server, tls="acme", domain="mlflow.example.org")) as found:
        assert (found.way, found.uri) == ("direct", f"https://mlflow.example.org:{server}")


def test_a_domain_that_does_not_answer_is_reached_behind_its_proxy() -> None:
    with parts.serving(parts.echo) as plain:
        host = HostDouble({5001: plain})
        stack = stack_at(NOBODY, host, tls="acme", domain="mlflow.example.org")
        with served(stack) as found:
            assert (found.way, echoed(found.uri)) == ("tunnel", b"hello")


def test_a_server_without_tls_is_passed_on_as_it_is() -> None:
    with parts.serving(parts.echo) as plain, served(stack_at(plain, tls="off")) as found:
        assert (found.way, echoed(found.uri)) == ("port", b"hello")


def test_a_host_that_cannot_be_reached_either_is_an_error_of_the_command() -> None:
    with pytest.raises(NotReady, match="Nothing answers at .*no SSH key"):
        served(stack_at(NOBODY)).__enter__()
    with pytest.raises(PrivateKeyLost):
        served(stack_at(NOBODY, access="tunnel")).__enter__()


def test_another_server_at_the_address_is_shown_nothing(tmp_path: Path) -> None:
    failures: list[Exception] = []
    other = parts.server_context(tmp_path, "example.org")
    with (
        parts.serving(parts.echo, other) as port,
        page.served(stack_at(port), 0, failures.append) as found,
    ):
        assert echoed(found.uri) == b""
    assert "certificate verify failed" in str(failures[0])
