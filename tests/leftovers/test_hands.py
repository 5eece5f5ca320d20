"""`exec`, `logs`, `ssh` and `cp` through the system's own OpenSSH, when all is not well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
from cloud.wire import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.host import Result
    from cloud.operator import Laptop
    from cloud.scene import Scene

ANOTHER = "shows another SSH key than the one pinned in"


def run(scene: Scene, laptop: Laptop, *words: str, **environment: str) -> tuple[int | None, str]:
    """Run a command; return its exit code and all that it says."""
    ended = scene.operator.run(laptop, *words, **environment)
    return ended.code, ended.output


def falling(command: str, go: Callable[[], Result]) -> Result:
    """Lose the connection under a command that asks for it."""
    if "lose it" in command:
        raise Dropped
    return go()


def test_hands_reach_a_host_that_stands_and_tell_what_is_in_their_way(scene: Scene) -> None:
    """One stack serves for all: making it takes most of the time."""
    laptop = scene.ready_laptop()
    machine = scene.host.need()
    words_and_exit_codes_pass_through(scene, laptop)
    no_word_of_a_command_is_an_option_here(scene, laptop)
    a_lost_connection_is_not_the_commands_own_255(scene, laptop)
    the_log_is_the_units(scene, laptop)
    code, said = run(scene, laptop, "exec", "true", PATH=str(laptop.folder))
    assert (code, "no program `ssh` on this machine" in said) == (1, True)
    another_host_key_gets_nothing(scene, laptop)
    stranger = scene.laptop()
    code, said = run(scene, stranger, "ssh")
    assert (code, "no good SSH key for the host" in said) == (1, True)
    scene.client("ec2").stop_instances(InstanceIds=[machine.instance])
    for words in (("ssh",), ("exec", "true"), ("logs",), ("cp", ":a", ".")):
        code, said = run(scene, laptop, *words)
        assert (code, "`mlflow-ops start` brings it back" in said) == (3, True), said
    assert run(scene, laptop, "down", "--yes")[0] == 0
    scene.check_empty("down", laptop)
    code, said = run(scene, laptop, "logs")
    assert (code, "`mlflow-ops up` makes one" in said) == (3, True)


def words_and_exit_codes_pass_through(scene: Scene, laptop: Laptop) -> None:
    assert run(
        scene, laptop, "exec", "--", "sh", "-c", 'echo "$1"; exit 7', "sh", "a  'b' $HOME"
    ) == (
        7,
        "a  'b' $HOME\n",
    )
    assert run(scene, laptop, "exec", "sh", "-c", "kill -9 $$")[0] == 128 + 9
    code, said = run(scene, laptop, "exec", "--json", "sh", "-c", "echo hi; exit 3")
    assert (code, json.loads(said)) == (3, {"exit_code": 3, "stdout": "hi\n", "stderr": ""})


def no_word_of_a_command_is_an_option_here(scene: Scene, laptop: Laptop) -> None:
    """Neither of this machine's `ssh` nor of the shell that the host runs the command with."""
    trap, sprung = laptop.folder / "trap.sh", laptop.folder / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch '{sprung}'\n")
    trap.chmod(0o755)
    for words in ((f"-oProxyCommand={trap}",), ("-V",), ("-i",), ("--", "echo", "hi")):
        code, said = run(scene, laptop, "exec", "--", *words)
        assert code == 127, said
        assert f"{words[0]}: " in said
        assert "not found" in said
        assert "OpenSSH" not in said
    assert not sprung.exists()
    trap.unlink()


def a_lost_connection_is_not_the_commands_own_255(scene: Scene, laptop: Laptop) -> None:
    assert run(scene, laptop, "exec", "--", "sh", "-c", "exit 255") == (255, "")
    scene.host.passing = falling
    code, said = run(scene, laptop, "exec", "echo", "lose it")
    scene.host.passing = None
    assert (code, "was lost before the command had ended" in said) == (1, True), said


def the_log_is_the_units(scene: Scene, laptop: Laptop) -> None:
    scene.host.commands.clear()
    run(scene, laptop, "logs", "-n", "7", "--since", "2h")
    [asked] = scene.host.commands
    assert "journalctl -a --no-pager --no-hostname -o short-iso -u mlflow-server -n 7" in asked
    assert "--since=-2h" in asked
    code, said = run(scene, laptop, "logs", "-f", "--json")
    assert (code, "--follow has no end" in said) == (2, True)
    broken = scene.host.need().home.folder / "usr" / "journalctl"
    broken.write_text("#!/bin/sh\necho 'Failed to open: no such journal'; exit 4\n")
    broken.chmod(0o755)
    code, said = run(scene, laptop, "logs", "--json")
    document = json.loads(said.splitlines()[-1])
    assert "(exit code 4): Failed to open: no such journal." in document["error"]
    broken.unlink()


def another_host_key_gets_nothing(scene: Scene, laptop: Laptop) -> None:
    machine, before = scene.host.need(), list(scene.host.commands)
    own = machine.host_key
    scene.host.listeners.show(asyncssh.generate_private_key("ssh-ed25519"))
    for words in (("ssh", "--", "cat"), ("exec", "cat"), ("logs",), ("cp", ":a", ".")):
        code, said = run(scene, laptop, *words)
        assert (code, ANOTHER in said) == (1, True), said
    scene.host.listeners.show(own)
    assert scene.host.commands == before
    [pins] = laptop.ops.rglob("known_hosts")
    assert len(pins.read_text().splitlines()) == 1


def test_what_cp_cannot_mean_is_said_before_anything_is_asked(scene: Scene) -> None:
    laptop = scene.laptop()
    (laptop.folder / "folder").mkdir()
    sentences = {
        ("here", "there"): "put a colon before the host's paths",
        (":here", ":there"): "put a colon before the host's paths",
        ("folder", ":here", "there"): "put a colon before the host's paths",
        ("nothing", ":"): "There is no 'nothing' on this machine",
        ("folder", ":"): "'folder' is a folder: say -r",
    }
    for words, sentence in sentences.items():
        code, said = run(scene, laptop, "cp", *words)
        assert (code, sentence in said) == (2, True), said
    assert Path(laptop.folder, "folder").is_dir()
