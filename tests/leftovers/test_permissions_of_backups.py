"""What `mlflow-ops policy` prints for stop, and for what deals with backups, is just enough."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cloud.proof import Proof, empty, ready

if TYPE_CHECKING:
    from cloud.operator import Laptop
    from cloud.scene import Scene


def test_stop_needs_all_of_its_policy(scene: Scene) -> None:
    laptop, proof = ready(scene), Proof(scene, ("stop",))

    def running() -> Laptop:
        assert scene.operator.run(laptop, "start").code == 0
        return laptop

    proof.show(running, "stop")
    proof.show_renewal()
    proof.show(partial(empty, scene), "stop", code=3)
    proof.check_complete()
    # Starting is what `up` does, with nothing chosen anew.
    assert Proof(scene, ("start",)).document == Proof(scene, ("up",)).document


def test_what_deals_with_backups_needs_all_of_its_policy(scene: Scene) -> None:
    laptop = ready(scene)
    # What clients need, and what the lock takes, is shown above.
    known = Proof(scene, ("run",)).parts | Proof(scene, ("stop",)).parts
    for words in (("backup",), ("backups",), ("restore", "--yes"), ("upgrade",)):
        proof = Proof(scene, words[:1])
        proof.shown |= known & proof.parts
        proof.show(lambda: laptop, *words)
        proof.check_complete()
