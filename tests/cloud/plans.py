"""Plans held against what is then done: the calls to AWS, and what the host is told."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlflow_ops.rehearsing import FINGERPRINT, STREAM, told
from mlflow_ops.rehearsing.reading import INSTANCE, READS
from mlflow_ops.rehearsing.stage import ADDRESS, DNS, KEY_ID
from mlflow_ops.server import certificates
from mlflow_ops.target import UBUNTU

from .home import inner
from .sshd import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .operator import Laptop
    from .scene import Scene
    from .wire import Answer, Ask, Call

# A command, or the file that was put, and its text.
Done = tuple[str, str]
PUT = re.compile(r"umask 077 && cat > (\S+)\.part && mv -- \1\.part \1")


@contextmanager
def heard(scene: Scene) -> Iterator[list[Call]]:
    """Give the calls that the product makes while the context lasts, but those that only read."""
    calls: list[Call] = []

    def rule(call: Call, ask: Ask) -> Answer:
        if call.ours and not call.operation.startswith(READS):
            calls.append(call)
        return ask()

    with scene.cloud.also(rule):
        yield calls


def planned(scene: Scene, laptop: Laptop, *words: str) -> dict[str, Any]:
    """Return the plan in JSON, once it is seen that nothing has changed by it."""
    before = (scene.holds(), files(laptop))
    disk = scene.host.live.home.disk if scene.host.live else {}
    (laptop.folder / "tmp").mkdir(exist_ok=True)
    with heard(scene) as calls:
        run = scene.operator.run(
            laptop, *words, "--dry-run", "--json", TMPDIR=str(laptop.folder / "tmp")
        )
    assert run.code == 0, run.output
    assert calls == []
    assert [*(laptop.folder / "tmp").iterdir()] == []
    (laptop.folder / "tmp").rmdir()
    assert (scene.holds(), files(laptop)) == before
    assert (scene.host.live.home.disk if scene.host.live else {}) == disk
    document: dict[str, Any] = json.loads(run.output.splitlines()[-1])
    return document


def files(laptop: Laptop) -> dict[str, bytes]:
    """Return all files of a laptop but the log of the questions to its host."""
    found = (path for path in laptop.folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in found if path.name != "host.log"}


def done_on(scene: Scene) -> list[Done]:
    """Return what was run on the host, and the files that were put there, as far as shown."""
    done: list[Done] = []
    for command, fed in zip(scene.host.commands, scene.host.fed, strict=True):
        if placed := PUT.fullmatch(inner(command)):
            [path] = shlex.split(placed[1])
            done.append((f"put {path}", told.shown(path, fed)))
        else:
            done.append((inner(command), ""))
    return done


def held_by(scene: Scene, path: str) -> str:
    """Return a file of the host's, empty where there is none."""
    file = scene.host.need().home.folder / path
    return file.read_text() if file.exists() else ""


def as_it_came(scene: Scene, plan: dict[str, Any]) -> list[Done]:
    """Return the plan's commands with what was given out since in the place of its stand-ins."""
    machine = scene.host.need()
    home = machine.home
    key = re.search("aws_access_key_id = (.*)", held_by(scene, ".aws/credentials"))
    pem = re.search("(?s)-----BEGIN CERT.*", held_by(scene, "mlflow/tls.pem"))
    [reservation] = scene.client("ec2").describe_instances(InstanceIds=[machine.instance])[
        "Reservations"
    ]
    words = {
        KEY_ID: key[1] if key else "",
        ADDRESS: OTHER,
        DNS: reservation["Instances"][0]["PublicDnsName"],
        INSTANCE: machine.instance,
        FINGERPRINT: certificates.fingerprint(pem[0]) if pem else "",
        STREAM: home.stream,
        UBUNTU["home"]: str(home.folder),
    }

    def known(text: str) -> str:
        for stand_in, word in words.items():
            text = text.replace(stand_in, word)
        return text

    return [
        (known(each.get("run") or f"put {each['put']}"), known(each.get("text", "")))
        for each in plan["commands"]
    ]
