"""Every text that the code can say, read from its source: what varies in it is one VARIES."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[1]
VARIES = "\0"
# Of `str.format` and of `%`, in a text that is filled in elsewhere.
FILLED_LATER = re.compile(r"\{[a-z_]*\}|%[sdr]")
DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Text:
    """A text, the file that says it, and the names that it is handed to or stands in."""

    said: str
    file: str
    to: frozenset[str] = frozenset()


@cache
def texts() -> tuple[Text, ...]:
    """Return all texts of both packages but the docstrings."""
    return tuple(each for file, tree in trees().items() for each in _of(file, tree))


@cache
def trees() -> Mapping[str, ast.Module]:
    """Return the source of both packages, by the path of each file."""
    files = sorted([*ROOT.glob("mlflow_ops/**/*.py"), *ROOT.glob("trainer/**/*.py")])
    return {
        file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8"))
        for file in files
    }


def _of(path: str, tree: ast.Module) -> Iterator[Text]:
    named = constants(tree)

    def walk(node: ast.AST, to: frozenset[str]) -> Iterator[Text]:
        said = said_by(node, named)
        if said is not None:
            yield Text(said, path, to)
            return
        inside = to
        if isinstance(node, ast.ClassDef):
            inside |= {node.name}
        if isinstance(node, ast.Call):
            inside |= names(node.func)
        for child in ast.iter_child_nodes(node):
            if not _is_docstring(child, node):
                yield from walk(child, inside)

    yield from walk(tree, frozenset())


@cache
def constants(tree: ast.Module) -> Mapping[str, str]:
    """Return the module's own names for texts."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            said = said_by(node.value, found)
            if said is not None:
                found[node.targets[0].id] = said
    return found


def said_by(node: ast.AST, named: Mapping[str, str]) -> str | None:
    """Return the text that stands there, if one does."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return FILLED_LATER.sub(VARIES, node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(said_by(part, named) or "" for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return said_by(node.value, named) or VARIES
    if isinstance(node, ast.Name):
        return named.get(node.id)
    return None


def names(called: ast.expr) -> set[str]:
    """Return the last names of what is called, also where one of two is."""
    if isinstance(called, ast.IfExp):
        return names(called.body) | names(called.orelse)
    if isinstance(called, ast.Attribute):
        return {called.attr}
    return {called.id} if isinstance(called, ast.Name) else set()


def _is_docstring(node: ast.AST, parent: ast.AST) -> bool:
    if not isinstance(parent, DEFINITIONS) or not isinstance(node, ast.Expr):
        return False
    return isinstance(node.value, ast.Constant)
