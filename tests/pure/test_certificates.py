"""The stack's own CA: what it signs is taken for the names it was asked for, and for no others."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from mlflow_ops.server import certificates

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["203.0.113.7", "2001:db8::7", "ec2.example", "localhost", "127.0.0.1"]
CA = certificates.authority("mlflow-ops-mlflow-us-east-1")
PEM = certificates.leaf(*CA, NAMES)
LEAF = PEM[PEM.index("-----BEGIN CERTIFICATE") :]


def shake(tmp_path: Path, pem: str, ca: str, name: str) -> None:
    """Let a client that trusts this CA alone meet a server with this certificate."""
    (tmp_path / "server.pem").write_text(pem)
    (tmp_path / "ca.pem").write_text(ca)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "server.pem")
    client = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(10)
        there.settimeout(10)
        thread = threading.Thread(target=_serve, args=(server, there))
        thread.start()
        try:
            with client.wrap_socket(here, server_hostname=name):
                pass
        finally:
            here.close()
            thread.join()


def _serve(context: ssl.SSLContext, connection: socket.socket) -> None:
    try:
        with context.wrap_socket(connection, server_side=True):
            pass
    except OSError:  # the client did not like it
        pass


@pytest.mark.parametrize("name", NAMES)
def test_a_client_that_pins_the_ca_takes_its_certificate(tmp_path: Path, name: str) -> None:
    shake(tmp_path, PEM, CA[1], name)


@pytest.mark.parametrize("name", ["203.0.113.8", "ec2.example.org"])
def test_it_is_good_for_no_other_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(tmp_path, PEM, CA[1], name)


def test_a_certificate_of_another_ca_is_refused(tmp_path: Path) -> None:
    other = certificates.authority("mlflow-ops-mlflow-us-east-1")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(tmp_path, certificates.leaf(*other, NAMES), CA[1], NAMES[0])


def test_a_new_address_needs_a_new_certificate_from_the_same_ca() -> None:
    assert certificates.is_good(LEAF, CA[1], NAMES)
    assert not certificates.is_good(LEAF, CA[1], ["198.51.100.9", *NAMES[1:]])
    other = certificates.authority("another")
    assert not certificates.is_good(LEAF, other[1], NAMES)


@pytest.mark.parametrize("text", ["", "nonsense", LEAF[:200], "-----BEGIN CERTIFICATE-----\n"])
def test_damaged_files_are_no_certificates(text: str) -> None:
    assert not certificates.fingerprint(text)
    assert not certificates.is_good(text, CA[1], NAMES)
    assert not certificates.is_authority(CA[0], text)
    assert not certificates.is_authority(text, CA[1])


def test_a_ca_is_known_by_its_own_key() -> None:
    assert certificates.is_authority(*CA)
    assert not certificates.is_authority(certificates.authority("another")[0], CA[1])
