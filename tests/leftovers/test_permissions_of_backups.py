"""What `mlflow-ops policy` prints for stop, and for what deals with backups, is just enough."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from cloud import by_hand
from cloud.proof import Proof, empty, ready

from mlflow_ops.backup import layout

if TYPE_CHECKING:
    from cloud.operator import Laptop
    from cloud.scene import Scene

ARTIFACT = f"{layout.ARTIFACTS}/1/a"
CLEARING = ("s3:AbortMultipartUpload", "s3:DeleteObject")


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


def test_leaving_and_coming_back_need_all_of_their_policies(scene: Scene) -> None:
    laptop, path = ready(scene), scene.folder / "everything"
    s3 = scene.client("s3")
    s3.put_object(Bucket=by_hand.BUCKET, Key=ARTIFACT, Body=b"weights")
    # What clients need, and what the lock takes, is shown above.
    known = Proof(scene, ("run",)).parts | Proof(scene, ("stop",)).parts

    def unwritten() -> Laptop:
        shutil.rmtree(path, ignore_errors=True)
        return laptop

    def sent() -> Laptop:  # the artifact is there; an import of the same second would be in the way
        found = s3.list_objects_v2(Bucket=by_hand.BUCKET, Prefix=f"{layout.NAMED}/")
        for each in found.get("Contents", ()):
            s3.delete_object(Bucket=by_hand.BUCKET, Key=each["Key"])
        return laptop

    def unsent() -> Laptop:
        s3.delete_object(Bucket=by_hand.BUCKET, Key=ARTIFACT)
        return sent()

    proof = Proof(scene, ("export",))
    proof.shown |= known & proof.parts
    proof.show(unwritten, "export", str(path))
    proof.check_complete()
    unwritten()
    assert scene.operator.run(laptop, "export", str(path)).code == 0
    proof = Proof(scene, ("import",))
    proof.shown |= known & proof.parts
    # Only what clears up after a failure takes these, and says nothing of it.
    proof.shown |= {each for each in proof.parts if each.action in CLEARING}
    for prepare in (sent, unsent):
        proof.show(prepare, "import", str(path), "--yes")
    proof.check_complete()
