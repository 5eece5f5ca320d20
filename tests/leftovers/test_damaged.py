"""Damaged files, here and on the host: the next `up` makes them good, and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cloud.operator import Laptop
    from cloud.scene import Scene

HERE = ("ca.crt", "ca.key", "admin-password")
THERE = (
    *(f".mlflow-ops/{name}" for name in HERE),
    *("mlflow/auth.ini", "mlflow/tls.pem", "mlflow/session-key", "mlflow/data/basic_auth.db"),
)
PRECIOUS = ("ca.crt", "admin-password")


def files(laptop: Laptop) -> Path:
    """Return the folder of the stack's files."""
    [folder] = (laptop.ops / "stacks" / "mlflow" / "stack").iterdir()
    return folder


def check_healed(scene: Scene, laptop: Laptop, before: dict[str, str]) -> None:
    """See that `up` repairs the damage, and that neither the CA nor the password is another."""
    run = scene.up(laptop)
    assert run.code == 0, run.output
    scene.check_ready("up after the damage", laptop)
    assert {name: (files(laptop) / name).read_text() for name in PRECIOUS} == before
    again = scene.up(laptop)
    assert (again.code, "repair" in again.output) == (0, False), again.output


def kept(laptop: Laptop) -> dict[str, str]:
    return {name: (files(laptop) / name).read_text() for name in PRECIOUS}


@pytest.mark.parametrize("name", HERE)
def test_a_damaged_file_here_is_made_good_from_the_host(scene: Scene, name: str) -> None:
    laptop = scene.ready_laptop()
    before = kept(laptop)
    for content in (b"", b"x\xff\n"):
        (files(laptop) / name).write_bytes(content)
        check_healed(scene, laptop, before)


@pytest.mark.parametrize("name", THERE)
def test_a_damaged_file_on_the_host_is_made_good_from_here(scene: Scene, name: str) -> None:
    laptop = scene.ready_laptop()
    before = kept(laptop)
    damaged = scene.host.need().home.folder / name
    damaged.unlink()
    check_healed(scene, laptop, before)
    if name.endswith(".db"):  # which only the server writes
        return
    damaged.write_bytes(b"x\xff\n")
    check_healed(scene, laptop, before)


def test_a_key_whose_secret_could_not_be_kept_is_not_made(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    before = scene.holds()["access_keys"]
    secret = files(laptop) / "accessKeys.csv"
    secret.unlink()
    secret.mkdir()
    run = scene.up(laptop)
    assert run.code == 1
    assert f"{secret}: Is a directory" in run.output
    assert scene.holds()["access_keys"] == before


def test_a_cure_means_the_same_stack(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    run = scene.operator.run(laptop, "check", "--name", "other", "--region", "us-east-1")
    assert run.code == 3
    assert "`mlflow-ops up --name other --region us-east-1`" in run.output
