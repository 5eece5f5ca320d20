"""From a WSGI request to a call: which service, which operation, by whom, with what."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from . import model
from .reading import Reader
from .wire import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIEnvironment

    Strings = Mapping[str, str]


class Said(NamedTuple):
    """What a request asks for; `wrong` is what the model has against it."""

    operation: str
    parameters: dict[str, Any]
    wrong: tuple[str, ...]


def body(environ: WSGIEnvironment) -> bytes:
    """Return a request's body, leaving it to be read again."""
    given = environ["wsgi.input"]
    chunked = environ.get("wsgi.input_terminated")
    read: bytes = given.read() if chunked else given.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(read)
    return read


def call(environ: WSGIEnvironment) -> Call:
    """Return the call that a request makes; its body can be read again."""
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    key_id, region, signed = _signer(environ, query)
    name = model.SIGNED.get(signed, signed)
    service = model.service(name)
    if service is None:
        said = Said("", {}, (f"unknown service {name!r}",))
    elif name == "s3":
        said = _s3(environ, query)
    elif "json" in (service.metadata.get("protocols") or [service.protocol]):
        said = _json(environ, name)
    else:
        said = _form(environ, name, service.protocol)
    agent = environ.get("HTTP_USER_AGENT", "")
    return Call(name, said.operation, said.parameters, region, key_id, agent, said.wrong)


def _signer(environ: WSGIEnvironment, query: Strings) -> tuple[str, str, str]:
    """Return the access key, region and service of the signature; S3 takes unsigned requests."""
    header = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    scope = (header or query.get("X-Amz-Credential", "")).split("/")
    return (scope[0], scope[2], scope[3]) if len(scope) > 3 else ("", "us-east-1", "s3")


def _form(environ: WSGIEnvironment, service: str, protocol: str) -> Said:
    form = dict(parse_qsl(body(environ).decode(), keep_blank_values=True))
    name = form.pop("Action", "")
    form.pop("Version", None)
    operation = model.operation(service, name)
    if operation is None:
        return Said(name, form, (f"unknown operation {name!r}",))
    reader = Reader(protocol)
    return Said(name, reader.form(operation.input_shape, form.items()), tuple(reader.wrong))


def _json(environ: WSGIEnvironment, service: str) -> Said:
    name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    operation = model.operation(service, name)
    if operation is None:
        return Said(name, {}, (f"unknown operation {name!r}",))
    reader = Reader("json")
    return Said(name, reader.json(operation.input_shape, body(environ)), tuple(reader.wrong))


def _s3(environ: WSGIEnvironment, query: dict[str, str]) -> Said:
    """Find the operation by method, path, query and headers; the bucket is in the path."""
    method = environ["REQUEST_METHOD"]
    raw: str = environ.get("REQUEST_URI") or environ["PATH_INFO"]
    path = [unquote(part) for part in raw.partition("?")[0].lstrip("/").split("/", 1) if part]
    headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k[:5] == "HTTP_"}
    name = model.s3_operation(method, len(path), query, headers)
    if not name:
        return Said("", {}, (f"unknown operation {method} {environ.get('RAW_URI', raw)}",))
    reader = Reader("rest-xml")
    shape = model.operation("s3", name).input_shape
    labels = dict(zip(model.LABELS, path, strict=False))
    own = {k: v for k, v in query.items() if k not in model.literals(name)}
    bound = _bound(reader, shape, own, headers) if shape else {}
    payload = _payload(reader, shape, environ) if shape else {}
    return Said(name, labels | bound | payload, tuple(reader.wrong))


def _bound(reader: Reader, shape: Any, query: Strings, headers: Strings) -> dict[str, Any]:  # noqa: ANN401 - botocore's shapes have no stubs
    """Return the parameters in the query and the headers; any other in the query is wrong."""
    found: dict[str, Any] = {}
    unknown = {name for name in query if not name.startswith(("X-Amz-", "x-id"))}
    for member, part in shape.members.items():
        place, name = part.serialization.get("location"), part.serialization.get("name", member)
        source = {"querystring": query, "header": headers}.get(place, {})
        given = source.get(name.lower() if place == "header" else name)
        unknown -= {name} if place == "querystring" else set()
        if given is not None:
            found[member] = reader.value(part, given, member)
    reader.wrong += [f"unknown parameter {name}" for name in sorted(unknown)]
    return found


def _payload(reader: Reader, shape: Any, environ: WSGIEnvironment) -> dict[str, Any]:  # noqa: ANN401 - likewise
    member = shape.serialization.get("payload")
    sent = body(environ) if member else b""
    if not sent:
        return {}
    part = shape.members[member]
    return {member: reader.xml(part, sent) if part.type_name == "structure" else sent}
