"""Where the text that an expression becomes was written: followed over names, calls and callers."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from expressions import alternatives, arguments, assigned, parts
from sentences import VARIES, constants, names, said_by, trees

if TYPE_CHECKING:
    from collections.abc import Iterator

    Sourced = tuple["Place", ast.expr]

UNKNOWN = frozenset({VARIES})
# A text with fewer letters of its own is put together from others, which are to be looked at.
OWN_LETTERS = 12
# So many names and calls, from a text back to where its words stand.
DEEPEST = 4
# What is caught, and what shows whatever it is given.
CAUGHT = "error"
SHOWING = frozenset({"line", "text", "str", "repr"})


@dataclass(frozen=True)
class Place:
    """Where an expression stands, for what the names in it mean."""

    path: str
    around: tuple[ast.Module | ast.ClassDef | ast.FunctionDef, ...]
    depth: int = 0

    def texts(self, node: ast.expr) -> frozenset[str]:
        """Return what the expression can be as a text, with a VARIES for all that is not known."""
        said = said_by(node, constants(trees()[self.path]))
        if said is not None and len(said.replace(VARIES, "")) >= OWN_LETTERS:
            return frozenset({said})
        if several := parts(node):
            return frozenset(map("".join, product(*map(self.texts, several))))
        if said is not None:
            return frozenset({said})
        found = {text for place, each in self._sources(node) for text in place.texts(each)}
        return frozenset(found - UNKNOWN) or UNKNOWN

    def _sources(self, node: ast.expr) -> Iterator[Sourced]:
        """Yield what the text is one of, each with its place."""
        if self.depth > DEEPEST:
            return
        if isinstance(node, ast.Name) and node.id != CAUGHT:
            yield from self._given(node.id)
        elif isinstance(node, ast.Attribute) and node.attr.isupper():
            yield from self._constant(node.attr)
        elif isinstance(node, ast.Call):
            yield from self._called(node.func)
        else:
            yield from ((self, each) for each in alternatives(node))

    def _called(self, called: ast.expr) -> Iterator[Sourced]:
        """Yield what is formatted, or what a function of this file or the named one returns."""
        if isinstance(called, ast.Attribute) and called.attr in {"format", "items", "get"}:
            yield self, called.value
            return
        module = getattr(getattr(called, "value", None), "id", "self")
        found = [each for name in names(called) - SHOWING for each in returns()[name]]
        here = [each for each in found if each[0].path == self.path]
        there = [each for each in found if f"/{module}." in each[0].path]
        for place, value in there or here or (found if isinstance(called, ast.Name) else ()):
            yield self._at(place), value

    def _given(self, name: str) -> Iterator[Sourced]:
        """Yield what a name is given: in this function, by its callers, or in the module."""
        for scope in reversed(self.around):
            if found := [*assigned(scope, name)]:
                yield from ((self._at(self), value) for value in found)
                return
            if isinstance(scope, ast.FunctionDef) and name in arguments(scope):
                yield from self._passed(scope, name)
                return
        if name.isupper():
            yield from self._constant(name)

    def _constant(self, name: str) -> Iterator[Sourced]:
        """Yield what a name stands for that another module has given to all."""
        for path, tree in trees().items():
            for value in assigned(tree, name):
                yield Place(path, (tree,), self.depth + 1), value

    def _passed(self, function: ast.FunctionDef, name: str) -> Iterator[Sourced]:
        """Yield what those who call a function give it by this name."""
        for place, call in calls_of()[function.name]:
            given = dict(zip(arguments(function), call.args, strict=False))
            given |= {str(each.arg): each.value for each in call.keywords}
            if name in given:
                yield self._at(place), given[name]

    def _at(self, place: Place) -> Place:
        return Place(place.path, place.around, self.depth + 1)


@cache
def nodes() -> tuple[tuple[Place, ast.AST], ...]:
    """Return all of the code, each node with the module, classes and functions around it."""

    def walk(node: ast.AST, place: Place) -> Iterator[tuple[Place, ast.AST]]:
        yield place, node
        inner = place
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            inner = Place(place.path, (*place.around, node))
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inner)

    return tuple(each for path, tree in trees().items() for each in walk(tree, Place(path, ())))


@cache
def calls() -> tuple[tuple[Place, ast.Call], ...]:
    """Return all calls, each with its place."""
    return tuple((place, node) for place, node in nodes() if isinstance(node, ast.Call))


@cache
def calls_of() -> dict[str, list[tuple[Place, ast.Call]]]:
    """Return the calls of each function, by its name."""
    found: dict[str, list[tuple[Place, ast.Call]]] = defaultdict(list)
    for place, call in calls():
        for name in names(call.func):
            found[name].append((place, call))
    return found


@cache
def returns() -> dict[str, list[Sourced]]:
    """Return what each function returns, by its name."""
    found: dict[str, list[Sourced]] = defaultdict(list)
    for place, node in nodes():
        if isinstance(node, ast.Return) and node.value:
            found[getattr(place.around[-1], "name", "")].append((place, node.value))
    return found
