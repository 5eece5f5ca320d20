"""Half gone: whatever was deleted by hand, `up` repairs it and `down` finishes."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.operator import Laptop
    from cloud.scene import Scene

NAME = "mlflow-ops-mlflow-us-east-1"
ALIVE = ("machine", "no server", "no software")
GONE = ("no instance", "no instance, no group")
# Any two of these states are in one of these rows, and all that can be gone together in the last.
OTHERS = (
    ("user", "bucket", "key pair", "profile"),
    ("user", "no bucket", "no key pair", "no profile"),
    ("no access key", "bucket", "no key pair", "profile"),
    ("no access key", "no bucket", "key pair", "no profile"),
    ("no user", "bucket", "key pair", "no profile"),
    ("no user", "no bucket", "no key pair", "profile"),
    ("no user", "no bucket", "no key pair", "no profile"),
)


def delete(scene: Scene, laptop: Laptop, *gone: str) -> None:
    """Delete by hand what these words say is not there."""
    deeds: dict[str, Callable[[], object]] = {
        "no server": lambda: stop_server(scene),
        "no software": lambda: shutil.rmtree(scene.host.need().home.folder / "mlflow"),
        "no instance": lambda: terminate(scene),
        "no instance, no group": lambda: delete_group(scene),
        "no access key": lambda: delete_key(scene),
        "no user": lambda: delete_user(scene),
        "no bucket": lambda: delete_bucket(scene),
        "no key pair": lambda: scene.client("ec2").delete_key_pair(KeyName=NAME),
        "no profile": lambda: scene.restore_aws_files(laptop),
    }
    for word in gone:
        if word in deeds:
            deeds[word]()


def stop_server(scene: Scene) -> None:
    """Take the server's unit away on the host."""
    home = scene.host.need().home.folder
    (home / ".active").unlink()
    shutil.rmtree(home / "etc")


def terminate(scene: Scene) -> None:
    """Terminate the instance."""
    scene.client("ec2").terminate_instances(InstanceIds=list(scene.holds()["instances"]))


def delete_group(scene: Scene) -> None:
    """Delete the security group, which the instance has to be gone for."""
    terminate(scene)
    for group in scene.holds()["groups"]:
        scene.client("ec2").delete_security_group(GroupId=group)


def delete_bucket(scene: Scene) -> None:
    """Delete the bucket."""
    for name in scene.holds()["buckets"]:
        scene.client("s3").delete_bucket(Bucket=name)


def delete_key(scene: Scene) -> None:
    """Delete the access key."""
    for key in scene.holds().get("access_keys", ()):
        scene.client("iam").delete_access_key(UserName=NAME, AccessKeyId=key)


def delete_user(scene: Scene) -> None:
    """Delete the user, after all that keeps it."""
    iam: Any = scene.client("iam")
    delete_key(scene)
    for policy in iam.list_user_policies(UserName=NAME)["PolicyNames"]:
        iam.delete_user_policy(UserName=NAME, PolicyName=policy)
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        iam.delete_user(UserName=NAME)


@pytest.mark.parametrize("machine", [*ALIVE, *GONE])
def test_up_repairs_whatever_was_deleted_by_hand(scene: Scene, machine: str) -> None:
    laptop = scene.ready_laptop()
    for others in OTHERS:
        left = ", ".join((machine, *others))
        delete(scene, laptop, machine, *others)
        run = scene.up(laptop)
        assert run.code == 0, f"{left}: {run.output}"
        scene.check_ready(left, laptop)


# What is on a machine goes with it: `down` asks it for no more than what the server holds.
@pytest.mark.parametrize("machine", ["machine", "no server", *GONE])
def test_down_finishes_whatever_was_deleted_by_hand(scene: Scene, machine: str) -> None:
    for others in OTHERS:
        left = ", ".join((machine, *others))
        laptop = scene.ready_laptop()
        delete(scene, laptop, machine, *others)
        run = scene.down(laptop)
        assert run.code == 0, f"{left}: {run.output}"
        scene.check_empty(left, laptop)
