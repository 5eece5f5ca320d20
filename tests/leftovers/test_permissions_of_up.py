"""What `mlflow-ops policy up` prints is enough, and no part of it is too much: repairs included."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cloud import by_hand
from cloud import by_hand_in_iam as in_iam
from cloud.proof import Proof, empty, ready
from cloud.wire import answer, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.operator import Laptop
    from cloud.scene import Scene
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

UP = ("up", "--yes")
QUOTAS = {"servicequotas:GetServiceQuota", "freetier:GetAccountPlanState"}


def broken(scene: Scene) -> Laptop:
    """Return a laptop with a stack of which everything is broken that can be mended."""
    laptop = ready(scene)
    by_hand.breakage(scene.cloud)
    [folder] = [path.parent for path in laptop.ops.rglob("id_ed25519")]
    (folder / "id_ed25519").unlink()
    (folder / "accessKeys.csv").unlink()
    return laptop


def test_up_needs_all_of_its_policy(scene: Scene) -> None:
    proof = Proof(scene, ("up",))
    # Without them `up` says so and goes on to its end, as test_doctor.py shows.
    proof.shown |= {part for part in proof.parts if part.action in QUOTAS}
    proof.show(partial(empty, scene), *UP, "--ttl", "8h", rule=no_listing, lasting=True)
    proof.show(partial(broken, scene), *UP, "--allow", "127.0.0.1/32", lasting=True)
    proof.show(partial(empty, scene, with_policies), *UP, lasting=True)
    show_choices(proof)
    proof.show(partial(empty, scene), *UP, "--elastic-ip", lasting=True)
    proof.show(partial(elastic, scene), *UP, "--no-elastic-ip", lasting=True)
    proof.show(partial(kept, scene), *UP, lasting=True)
    proof.show_renewal()
    proof.check_complete()


def kept(scene: Scene) -> Laptop:
    """Return a laptop beside a bucket that `down` has left, with a backup."""
    laptop = ready(scene)
    assert scene.down(laptop, "--keep-data").code == 0
    return laptop


def elastic(scene: Scene) -> Laptop:
    """Return a laptop with a stack that has an Elastic IP, to be freed before it is released."""
    laptop = empty(scene)
    assert scene.up(laptop, "--elastic-ip").code == 0
    scene.cloud.addresses.frees = False
    return laptop


def test_up_with_a_role_needs_all_that_its_policy_has_beyond(scene: Scene) -> None:
    proof = Proof(scene, ("up", "--credentials", "role"))
    proof.shown |= Proof(scene, ("up",)).parts & proof.parts
    up = (*UP, "--credentials", "role")
    proof.show(partial(empty, scene), *up, lasting=True)
    proof.show(partial(with_role, scene, in_iam.take_role_off), *up, lasting=True)
    proof.show(partial(with_role, scene, in_iam.make_profile_anew), *up, lasting=True)
    proof.show(partial(empty, scene, in_iam.role_of_others), *up, lasting=True)
    proof.check_complete()


def with_role(scene: Scene, change: Callable[[StrictCloud], None]) -> Laptop:
    """Return a laptop with a stack that has a role, in which this was changed."""
    laptop = empty(scene)
    assert scene.up(laptop, "--credentials", "role").code == 0
    change(scene.cloud)
    return laptop


def with_policies(cloud: StrictCloud) -> None:
    """Make the stack's user with policies of its own."""
    in_iam.policies(in_iam.user(cloud))


def show_choices(proof: Proof) -> None:
    """Show what it takes to settle on a network and an image."""
    scene = proof.scene
    proof.show(scene.laptop, "up", "--dry-run", "--vpc-id", by_hand.vpc(scene.cloud))
    proof.show(scene.laptop, "up", "--dry-run", rule=no_parameter)


def no_listing(call: Call, ask: Ask) -> Answer:
    """Be a region that lists none of Canonical's images, so that only the parameter tells one."""
    listing = call.ours and call.operation == "DescribeImages"
    return (
        answer("<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>")
        if listing
        else ask()
    )


def no_parameter(call: Call, ask: Ask) -> Answer:
    """Be a region in which Canonical publishes no parameter."""
    lacking = call.operation == "GetParameter"
    return refusal(call, "ParameterNotFound", "No such parameter.") if lacking else ask()


def test_up_as_taught_needs_all_that_its_policy_has_beyond(scene: Scene) -> None:
    proof = Proof(scene, ("up", "--as-taught"))
    proof.shown |= Proof(scene, ("up",)).parts
    make = (in_iam.administrators, with_policies, by_hand.tls_only)
    proof.show(partial(empty, scene, *make), *UP, "--as-taught", lasting=True)
    proof.check_complete()
