"""From bytes to botocore's parameters, by the service's model; what the model lacks is noted."""

from __future__ import annotations

import base64
import binascii
import json
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Reader:
    """Reads one request; `wrong` fills with what its model does not know or cannot read."""

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol
        self.wrong: list[str] = []

    def form(self, shape: Any, form: Iterable[tuple[str, str]]) -> dict[str, Any]:  # noqa: ANN401 - botocore's shapes have no stubs
        """Return the parameters of a form (EC2's protocol, or IAM's and STS's)."""
        tree: dict[str, Any] = {}
        for name, value in form:
            *above, last = name.split(".")
            node = tree
            for part in above:
                below = node.setdefault(part, {})
                node = below if isinstance(below, dict) else node
            node[last] = value
        found: dict[str, Any] = self._structure(shape, tree, "") if shape else {}
        return found

    def json(self, shape: Any, body: bytes) -> dict[str, Any]:  # noqa: ANN401 - likewise
        """Return the parameters of a JSON body."""
        found: dict[str, Any] = self._structure(shape, json.loads(body or b"{}"), "")
        return found

    def xml(self, shape: Any, body: bytes) -> Any:  # noqa: ANN401 - likewise
        """Return what an XML body says."""
        if not body:
            return {}
        return self.value(shape, ET.fromstring(body), shape.name)  # noqa: S314 - a test's own request

    def value(self, shape: Any, node: Any, where: str) -> Any:  # noqa: ANN401 - likewise
        """Return one value of any shape."""
        if shape.type_name == "structure":
            return self._structure(shape, _children(node), where)
        if shape.type_name == "list":
            return self._list(shape, node, where)
        if shape.type_name == "map":
            return node
        return self._scalar(shape, _text(node), where)

    def _structure(self, shape: Any, node: Mapping[str, Any] | str, where: str) -> dict[str, Any]:  # noqa: ANN401 - likewise
        """Read each part by its member; no part is passed over in silence."""
        known, found = members(shape, self.protocol), {}
        for name, below in (node or {}).items() if isinstance(node, dict) else ():
            if name not in known:
                self.wrong.append(f"unknown parameter {where}{'.' if where else ''}{name}")
                continue
            member = known[name]
            path = f"{where}.{member}" if where else member
            found[member] = self.value(shape.members[member], below, path)
        return found

    def _list(self, shape: Any, node: Any, where: str) -> list[Any]:  # noqa: ANN401 - likewise
        items = list(_items(shape, node, self.protocol))
        return [self.value(shape.member, each, f"{where}[{n}]") for n, each in enumerate(items)]

    def _scalar(self, shape: Any, text: Any, where: str) -> Any:  # noqa: ANN401 - likewise
        try:
            return _read(shape.type_name, text)
        except (ValueError, KeyError, binascii.Error):
            self.wrong.append(f"{where} is no {shape.type_name}: {text!r}")
            return text


def _read(kind: str, text: Any) -> Any:  # noqa: ANN401 - likewise
    if not isinstance(text, str):
        return text
    if kind == "boolean":
        return {"true": True, "false": False}[text.lower()]
    if kind in {"integer", "long"}:
        return int(text)
    return base64.b64decode(text, validate=True) if kind == "blob" else text


@cache
def members(shape: Any, protocol: str) -> dict[str, str]:  # noqa: ANN401 - likewise
    """Return a structure's members by the names they go by on the wire."""
    return {_name(name, m.serialization, protocol): name for name, m in shape.members.items()}


def _name(member: str, serialization: Mapping[str, str], protocol: str) -> str:
    given = serialization.get("name", member)
    if protocol != "ec2":
        return given
    # https://github.com/boto/botocore/blob/develop/botocore/serialize.py (EC2Serializer)
    return serialization.get("queryName") or given[0].upper() + given[1:]


def _children(node: Any) -> Any:  # noqa: ANN401 - likewise
    """Return an XML element's children by name, those of one name as a list."""
    if not isinstance(node, ET.Element):
        return node
    found: dict[str, Any] = {}
    for child in node:
        name = child.tag.rpartition("}")[2]
        found[name] = [*found[name], child] if name in found else [child]
    return {name: below if len(below) > 1 else below[0] for name, below in found.items()}


def _items(shape: Any, node: Any, protocol: str) -> Iterable[Any]:  # noqa: ANN401 - likewise
    """Return a list's items: of XML, JSON, or a form's numbered names."""
    if isinstance(node, ET.Element):
        return [node] if shape.serialization.get("flattened") else list(node)
    if isinstance(node, list):
        return node
    if not isinstance(node, dict):
        return []
    inside = node.get("member", node) if protocol == "query" else node
    return [inside[index] for index in sorted(inside, key=int)]


def _text(node: Any) -> Any:  # noqa: ANN401 - likewise
    return (node.text or "") if isinstance(node, ET.Element) else node
