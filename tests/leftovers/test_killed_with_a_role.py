"""A stack with a role, killed wherever the role is made, given away or removed.

All other positions are those of a stack with keys, which has tests of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloud import standing, trap
from cloud.scene import MAKE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloud.operator import Laptop
    from cloud.scene import Scene

ROLE = ("--credentials", "role")
UP, DOWN = ("up", "--yes", *MAKE, *ROLE), ("down", "--yes")
CHANGES = ("Create", "Put", "Add", "Remove", "Delete", "Detach")
NEVER = 10_000
FEWEST = 4


def turns(scene: Scene, laptop: Laptop, words: tuple[str, ...]) -> list[int]:
    """Return the positions at which a whole run changes what is the role's, or launches."""
    spring: trap.Trap = trap.Trap(NEVER, trap.killed_before)
    assert scene.trapped(spring, laptop, *words).code == 0
    scene.wipe(laptop)
    found = [at for at, what in enumerate(spring.seen, 1) if is_turn(what)]
    assert len(found) >= FEWEST, spring.seen
    return found


def is_turn(what: str) -> bool:
    """Whether a call changes what is the role's, or gives it away."""
    operation = what.partition(":")[2]
    of_role = "Role" in operation or "InstanceProfile" in operation
    return operation == "RunInstances" or (of_role and operation.startswith(CHANGES))


def killed(
    scene: Scene,
    words: tuple[str, ...],
    laptop_of: Callable[[], Laptop],
    *kills: Any,  # noqa: ANN401 - a trap takes deeds of any kind
) -> Iterator[tuple[Laptop, str]]:
    """Kill a run at each of the turns, and yield each way it was left."""
    known: set[str] = set()
    scene.afresh()
    for at in turns(scene, laptop_of(), words):
        for kill in kills:
            scene.afresh()
            laptop = laptop_of()
            spring: trap.Trap = trap.Trap(at, kill)
            run = scene.trapped(spring, laptop, *words)
            assert run.code == -9, f"{spring.where}: {run.output}"
            state = scene.left_by(spring, laptop)
            if state in known:
                scene.wipe(laptop)
            else:
                known.add(state)
                yield laptop, f"{words[0]} {kill.__name__} {spring.where}"


def ready_laptop(scene: Scene) -> Laptop:
    """Return a new laptop from which a stack with a role was made."""
    laptop = scene.laptop()
    ended = scene.up(laptop, *ROLE)
    assert ended.code == 0, ended.output
    return laptop


def check_ready(scene: Scene, after: str) -> None:
    """See that there is one of each resource, and no key anywhere."""
    keys = {"users", "access_keys"}
    wanted = {kind: 1 for kind in standing.ONE_OF_EACH if kind not in keys} | standing.WITH_A_ROLE
    assert {kind: len(ids) for kind, ids in scene.holds().items()} == wanted, after
    home = scene.host.need().home
    assert home.serves, after
    assert not (home.folder / ".aws" / "credentials").exists(), after


def test_an_up_killed_at_the_role_goes_on_and_makes_nothing_twice(scene: Scene) -> None:
    both = (trap.killed_before, trap.killed_after)
    for laptop, where in killed(scene, UP, scene.laptop, *both):
        ended = scene.up(laptop, *ROLE)
        assert ended.code == 0, f"{where}: {ended.output}"
        check_ready(scene, where)
        scene.wipe(laptop)


def test_an_up_killed_at_the_role_leaves_nothing_that_down_does_not_find(scene: Scene) -> None:
    for laptop, where in killed(scene, UP, scene.laptop, trap.killed_after):
        ended = scene.down(laptop)
        assert ended.code == 0, f"{where}: {ended.output}"
        scene.check_empty(where, laptop)


def test_a_down_killed_at_the_role_goes_on_until_nothing_is_left(scene: Scene) -> None:
    for laptop, where in killed(scene, DOWN, lambda: ready_laptop(scene), trap.killed_after):
        ended = scene.down(laptop)
        assert ended.code == 0, f"{where}: {ended.output}"
        scene.check_empty(where, laptop)


def test_another_laptop_brings_down_a_stack_with_a_role(scene: Scene) -> None:
    ready_laptop(scene)
    other = scene.laptop()
    ended = scene.down(other)
    assert ended.code == 0, ended.output
    assert scene.holds() == {}


def test_up_again_keeps_the_role_without_being_told(scene: Scene) -> None:
    laptop = ready_laptop(scene)
    again = scene.up(laptop)
    assert again.code == 0, again.output
    check_ready(scene, "up again")
    told = scene.up(laptop, "--credentials", "keys")
    assert told.code == 2, told.output
