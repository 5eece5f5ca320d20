"""A call of ours has to pass AWS's own model: what moto does not know it lets through."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cloud import model
from cloud.wire import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.wire import Answer, Ask, Call

# Java's names for letters, spaces and numbers, which Python's expressions lack.
JAVA = {r"\p{L}": r"a-zA-Z\u00aa-\uffdc", r"\p{Z}": r"\s", r"\p{N}": r"0-9"}
# AWS has types that no model lists yet, and says of others itself that they are invalid.
OPEN = {"InstanceType"}
# What EC2's documents limit and its model does not:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
NAME = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}"
EC2 = {
    "ClientToken": r"[\x21-\x7e]{1,64}",
    "GroupName": rf"(?!sg-){NAME}",
    "Description": NAME,
    "KeyName": r"[\x20-\x7e]{1,255}",
    "Tag.Key": r"(?!aws:).{1,128}",
    "Tag.Value": r".{0,256}",
}


@dataclass
class Model:
    """Refuses, in words that name it, what AWS's model does not know or does not allow."""

    on: bool = True

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Judge a call of ours; the tests' own may be anything."""
        if not self.on or not call.ours:
            return ask()
        wrong = [*call.wrong]
        if operation := model.operation(call.service, call.operation):
            wrong += judged(operation.input_shape, call.parameters, "")
            wrong += _ec2(call.parameters, "") if call.service == "ec2" else []
        if wrong:
            said = f"{call} is not as AWS's model has it: {'; '.join(wrong)}"
            return refusal(call, "ValidationError", said)
        return ask()


def judged(shape: Any, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - botocore's shapes have no stubs
    """Tell everything that is wrong with a value; an operation without input takes anything."""
    if shape is None:
        return
    if shape.type_name == "structure":
        yield from _structure(shape, value, where)
    elif shape.type_name == "list":
        yield from _range(shape, len(value), where, "items")
        for number, item in enumerate(value):
            yield from judged(shape.member, item, f"{where}[{number}]")
    elif isinstance(value, str):
        yield from _string(shape, value, where)
    elif isinstance(value, bytes):
        yield from _range(shape, len(value), where, "bytes")
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from _range(shape, value, where, "")


def _structure(shape: Any, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - likewise
    for name in shape.required_members:
        if name not in value:
            yield f"{where}.{name} is missing".lstrip(".")
    for name, held in value.items():
        path = f"{where}.{name}".lstrip(".")
        yield from judged(shape.members[name], held, path)


def _ec2(value: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - parameters of any shape
    """Tell what EC2's documents have against it."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _ec2(item, f"{where}[{number}]")
    for name, held in value.items() if isinstance(value, dict) else ():
        limit = EC2.get("Tag." + name if ".Tags[" in where or where[:5] == "Tags[" else name)
        if limit and isinstance(held, str) and not re.fullmatch(limit, held, re.DOTALL):
            yield f"{where}.{name} is {held!r}, which EC2 does not allow".lstrip(".")
        yield from _ec2(held, f"{where}.{name}".lstrip("."))


def _string(shape: Any, value: str, where: str) -> Iterator[str]:  # noqa: ANN401 - likewise
    yield from _range(shape, len(value), where, "characters")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed and shape.name not in OPEN:
        yield f"{where} is {value!r}, none of {', '.join(allowed[:9])}"
    pattern = _pattern(shape.metadata.get("pattern", ""))
    if pattern and not pattern.fullmatch(value):
        yield f"{where} is {value!r}, which does not fit {pattern.pattern}"


def _range(shape: Any, size: int, where: str, unit: str) -> Iterator[str]:  # noqa: ANN401 - likewise
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and size < least) or (most is not None and size > most):
        yield f"{where} is {size} {unit}".rstrip() + f", not {least} to {most}"


@cache
def _pattern(java: str) -> re.Pattern[str] | None:
    for name, here in JAVA.items():
        java = java.replace(name, here)
    try:
        return re.compile(java) if java else None
    except re.error:
        return None
