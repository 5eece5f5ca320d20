"""`down --keep-data`: nothing goes before the last backup is there, and all comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloud.keeper import asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.scene import Scene

OTHER_TYPE = ("--instance-type", "t3.small")
FULL = (0, b'{"error": "The disk is full."}\n')


def test_nothing_goes_before_the_last_backup_and_then_all_but_the_bucket_which_up_takes_again(
    scene: Scene,
) -> None:
    def fails(command: str, go: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
        return FULL if asked(command) == "take" else go()

    laptop = scene.ready_laptop()
    before = scene.holds()
    scene.host.passing = fails
    try:
        refused = scene.down(laptop, "--keep-data")
    finally:
        scene.host.passing = None
    assert (refused.code, "nothing was removed" in refused.output) == (1, True), refused.output
    assert "The disk is full" in refused.output
    assert scene.holds() == before
    assert scene.host.need().home.serves

    another = scene.up(laptop, *OTHER_TYPE)
    assert (another.code, "`mlflow-ops down --keep-data`" in another.output) == (2, True)
    kept = scene.down(laptop, "--keep-data")
    assert kept.code == 0, kept.output
    assert scene.holds().keys() == {"buckets"}
    twice = scene.down(laptop, "--keep-data")
    assert (twice.code, set(scene.holds())) == (0, {"buckets"}), twice.output

    back = scene.up(laptop, *OTHER_TYPE)
    assert back.code == 0, back.output
    scene.check_ready("up on a kept bucket", laptop)
    assert "kept-" in back.output


def test_what_a_stopped_stack_has_not_backed_up_is_not_given_up_unasked(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    stopped = scene.operator.run(laptop, "stop", "--no-backup")
    assert stopped.code == 0, stopped.output
    before = scene.holds()
    refused = scene.down(laptop, "--keep-data")
    assert (refused.code, "`mlflow-ops start` first" in refused.output) == (1, True), refused.output
    assert scene.holds() == before
    given_up = scene.down(laptop, "--keep-data", "--no-backup")
    assert given_up.code == 0, given_up.output
    assert scene.holds().keys() == {"buckets"}
    gone = scene.down(laptop)
    assert gone.code == 0, gone.output
    scene.check_empty("down of a kept bucket", laptop)
    assert scene.down(laptop, "--no-backup").code == 2
