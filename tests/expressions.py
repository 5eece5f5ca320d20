"""What an expression of the code is put together from, and what its names are given."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def parts(node: ast.expr) -> list[ast.expr]:
    """Return what a text is put together from, in its order."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return [each.value if isinstance(each, ast.FormattedValue) else each for each in parts]


def alternatives(node: ast.expr) -> list[ast.expr]:
    """Return what an expression is one of; nothing where that is not to be seen from itself."""
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.Dict):
        return [each for each in (*node.keys, *node.values) if each]
    if isinstance(node, ast.BoolOp):
        return node.values
    return [node.value] if isinstance(node, ast.Subscript) else []


def arguments(function: ast.FunctionDef) -> list[str]:
    """Return the names of what a function is given, as its callers count them."""
    every = [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]
    return every[1:] if every[:1] == ["self"] else every


def assigned(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield what a name is given in a function, or in a module outside of all functions."""
    inside = ast.walk(scope) if isinstance(scope, ast.FunctionDef) else ast.iter_child_nodes(scope)
    for node in inside:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        value = getattr(node, "iter", getattr(node, "value", None))
        named = {each.id for each in targets for each in _names_in(each)}
        if name in named and value is not None:
            yield value


def _names_in(target: ast.expr | None) -> list[ast.Name]:
    nodes = ast.walk(target) if target else ()
    return [each for each in nodes if isinstance(each, ast.Name)]
