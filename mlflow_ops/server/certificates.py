"""The stack's own CA and the certificates it signs, as PEM text; nothing here touches a file."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import TYPE_CHECKING, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable

UNREADABLE = (x509.ExtensionNotFound, x509.DuplicateExtension)
# Clients pin the CA, so that it lasts as long as a stack may.
CA_DAYS = 3650
# The longest that Apple's clients take: https://support.apple.com/en-us/103769
LEAF_DAYS = 825
RENEW_DAYS = 30
# A laptop's clock may be a little ahead of everybody else's.
EARLIER = dt.timedelta(days=1)
Extensions: TypeAlias = "tuple[x509.ExtensionType, ...]"


def authority(name: str) -> tuple[str, str]:
    """Return the private key and the certificate of a new CA that may sign servers alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(f"{name} CA")
    builder = _builder(subject, subject, key.public_key(), CA_DAYS)
    only_servers = x509.BasicConstraints(ca=True, path_length=0)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    critical, other = (only_servers, _usage(signs=True)), (own,)
    return _private(key), _signed(builder, key, critical, other)


def leaf(ca_key: str, ca_certificate: str, names: Iterable[str]) -> str:
    """Return a new private key with the CA's certificate for these names and addresses."""
    ca, signer = _loaded(ca_certificate), _signer(ca_key)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_subject("MLflow server"), ca.subject, key.public_key(), LEAF_DAYS)
    known = x509.SubjectAlternativeName([_general_name(name) for name in names])
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    no_ca = x509.BasicConstraints(ca=False, path_length=None)
    critical, other = (no_ca, _usage(signs=False)), (known, purpose, above)
    return _private(key) + _signed(builder, signer, critical, other)


def is_authority(ca_key: str, ca_certificate: str) -> bool:
    """Whether these are a CA's private key and the certificate that belongs to it."""
    try:
        return _signer(ca_key).public_key() == _loaded(ca_certificate).public_key()
    except (ValueError, TypeError):
        return False


def is_good(certificate: str, ca_certificate: str, names: Iterable[str]) -> bool:
    """Whether the CA has signed this certificate for these names, and it lasts a while yet."""
    try:
        found, ca = _loaded(certificate), _loaded(ca_certificate)
        found.verify_directly_issued_by(ca)
        held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, *UNREADABLE):
        return False
    wanted = {_general_name(name) for name in names}
    left = found.not_valid_after_utc - dt.datetime.now(dt.timezone.utc)
    return set(held) == wanted and left > dt.timedelta(days=RENEW_DAYS)


def fingerprint(certificate: str) -> str:
    """Return a certificate's SHA-256 in hexadecimal, or nothing for what is none."""
    try:
        return _loaded(certificate).fingerprint(hashes.SHA256()).hex()
    except ValueError:
        return ""


def ends(certificate: str) -> str:
    """Return the last day of a certificate, as in `2028-02-26`."""
    return f"{_loaded(certificate).not_valid_after_utc:%Y-%m-%d}"


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    never = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment"), False)
    never |= dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, **never)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _loaded(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def _signer(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not a key that we make")
    return key


def _signed(
    builder: x509.CertificateBuilder,
    signer: ec.EllipticCurvePrivateKey,
    critical: Extensions,
    other: Extensions,
) -> str:
    for extension in (*critical, *other):
        builder = builder.add_extension(extension, critical=extension in critical)
    signed = builder.sign(signer, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
