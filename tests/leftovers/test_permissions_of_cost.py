"""What `mlflow-ops policy` prints is enough for `cost` and `list`, and no part is too much."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cloud import by_hand
from cloud import by_hand_in_iam as in_iam
from cloud.permissions import Permissions
from cloud.proof import Proof, empty

if TYPE_CHECKING:
    from cloud.scene import Scene


def test_cost_needs_all_of_its_policy(scene: Scene) -> None:
    proof = Proof(scene, ("cost",))
    laptop = empty(scene, by_hand.network, by_hand.bucket, by_hand.address)
    proof.show(lambda: laptop, "cost", at_once=True)
    proof.show(partial(empty, scene), "cost", code=3)
    proof.check_complete()


def test_list_needs_what_audit_does_and_is_denied_nothing_of_it(scene: Scene) -> None:
    document = Proof(scene, ("list",)).document
    assert document == Proof(scene, ("audit",)).document
    laptop = empty(scene, in_iam.role, in_iam.user, by_hand.bucket, by_hand.network)
    full = Permissions(document)
    with scene.cloud.also(full.rule):
        ended = scene.operator.run(laptop, "list")
    assert (ended.code, full.refused) == (0, [])
    assert "mlflow  us-east-1  running" in " ".join(ended.output.split("\n"))
