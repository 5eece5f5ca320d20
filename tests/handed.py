"""The texts that errors are made with, followed from each error back to where they are written."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from origins import CAUGHT, calls, nodes
from sentences import Text, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from origins import Place

# Errors that are not ours, but carry our words to the user; and one of a class that is given.
CARRIERS = frozenset({"ValueError", "UsageError", CAUGHT})


@cache
def handed() -> tuple[Text, ...]:
    """Return each text that one of our errors is made with; `to` is the error's class."""
    found = [
        Text(said, place.path, frozenset({kind}))
        for kind, words, place in _made()
        for said in sorted(place.texts(words))
    ]
    return tuple(dict.fromkeys(found))


def _made() -> Iterator[tuple[str, ast.expr, Place]]:
    """Yield each error that is made: its class, its words, and where."""
    ours = _kinds()
    for place, call in calls():
        called = {CAUGHT} if isinstance(call.func, ast.Call) else names(call.func)
        if called == {"__init__"}:
            called = {each.name for each in place.around if isinstance(each, ast.ClassDef)}
        for kind in called & ours if call.args else ():
            yield kind, call.args[0], place


@cache
def _kinds() -> frozenset[str]:
    """Return the names of all exceptions that the code defines, and of those that carry words."""
    classes = [node for _, node in nodes() if isinstance(node, ast.ClassDef)]
    bases = {each.name: {name for base in each.bases for name in names(base)} for each in classes}
    found = {"Exception", "ClickException"}
    while more := {name for name, its in bases.items() if its & found} - found:
        found |= more
    return frozenset(found & set(bases)) | CARRIERS
