"""Faults anywhere: a call that fails once does not fail the run, and nothing is made twice."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from cloud import faults
from cloud.trap import READS

if TYPE_CHECKING:
    from cloud.scene import Scene
    from cloud.wire import Call

FEWEST_CHANGES = 15
# Changes from one that fails to the next.
GAP = 5
FEWEST_CALLS = 30
EACH_KIND = pytest.mark.parametrize("kind", faults.KINDS)


def at_changes(first: int, kind: str) -> faults.Fault:
    """Let the call with this number fail, and after it each GAP-th, counting those that change.

    Each is asked for again, which counts too; so from all numbers up to GAP every change fails.
    """
    changes = count(1)

    def about(call: Call, _: int) -> bool:
        return not call.operation.startswith(READS) and next(changes) % (GAP + 1) == first

    return faults.Fault(about, lambda call, ask: faults.fail(kind, call, ask))


def each_once(kind: str) -> faults.Fault:
    """Let every call fail once: the first time, the third time, and so on."""
    return faults.Fault(
        lambda _, count: count % 2 == 1, lambda call, ask: faults.fail(kind, call, ask)
    )


@EACH_KIND
def test_each_change_failing_once_fails_no_run_and_makes_nothing_twice(
    scene: Scene, kind: str
) -> None:
    met: list[str] = []
    for first in range(1, GAP + 1):
        made, ended = at_changes(first, kind), at_changes(first, kind)
        scene.afresh()
        laptop = scene.laptop()
        with scene.cloud.also(made):
            run = scene.up(laptop)
        where = f"{kind} at change {first} of up ({', '.join(map(str, made.met))})"
        assert run.code == 0, f"{where}: {run.output}"
        scene.check_ready(where, laptop)
        assert len(scene.host.launched) == 1, where
        with scene.cloud.also(ended):
            run = scene.down(laptop)
        where = f"{kind} at change {first} of down ({', '.join(map(str, ended.met))})"
        assert run.code == 0, f"{where}: {run.output}"
        scene.check_empty(where, laptop)
        met += [str(call) for call in (*made.met, *ended.met)]
    assert len({*met}) > FEWEST_CHANGES


@EACH_KIND
def test_every_call_failing_once_in_one_run_fails_neither_up_nor_down(
    scene: Scene, kind: str
) -> None:
    laptop = scene.laptop()
    for run_it, check in ((scene.up, scene.check_ready), (scene.down, scene.check_empty)):
        fault = each_once(kind)
        with scene.cloud.also(fault):
            run = run_it(laptop)
        assert run.code == 0, f"{kind}: {run.output}"
        assert len(fault.met) >= FEWEST_CALLS
        check(kind, laptop)
    assert len(scene.host.launched) == 1
