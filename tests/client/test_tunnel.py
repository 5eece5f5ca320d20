"""The tunnel that outlives its command, through a real SSH server, in a real process."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import asyncssh
import psutil
import pytest
from client import parts
from doubles import ssh

from mlflow_ops import host
from mlflow_ops.errors import HostUnreachable, NotReady
from mlflow_ops.folder import Folder
from mlflow_ops.names import Names
from mlflow_ops.reach import tunnel
from mlflow_ops.reach.line import plain_line
from mlflow_ops.reach.through import Through
from mlflow_ops.reach.tunnel import holding, note, starting
from mlflow_ops.reach.tunnel.note import Way
from mlflow_ops.records import Instance
from mlflow_ops.stack import Stack
from mlflow_ops.target import AwsFiles, Ports, Target
from mlflow_ops.wait import Clock, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Scene:
    """A host with a server behind it, and a stack's local files."""

    folder: Folder
    keys: Path
    double: ssh.SshDouble
    way: Way

    def connect(self) -> host.Host:
        files = self.folder.private_key, self.folder.known_hosts
        return host.connect(host.Login("i-1", "127.0.0.1", self.way.ssh_port, *files, self.pins))

    @property
    def pins(self) -> tuple[str, ...]:
        return (self.way.host_key,)


@pytest.fixture
def server() -> Iterator[int]:
    with parts.serving(parts.echo) as port:
        yield port


@pytest.fixture
def scene(tmp_path: Path, server: int) -> Iterator[Scene]:
    folder, keys = Folder(tmp_path / "stack"), tmp_path / "keys"
    folder.path.mkdir(mode=0o700)
    own = asyncssh.generate_private_key("ssh-ed25519")
    own.write_private_key(folder.private_key)
    keys.write_text(own.export_public_key().decode())
    shown = asyncssh.generate_private_key("ssh-ed25519")
    shown.write_private_key(f"{keys}.host")
    key = shown.export_public_key().decode().split()[1]
    with ssh.running(tmp_path / "host", str(keys)) as double:
        yield Scene(folder, keys, double, Way("i-1", "127.0.0.1", double.port, server, key))
        tunnel.end(folder)


def echoed(port: int, words: bytes = b"hello") -> bytes:
    """Return what comes back through the port; nothing when it breaks off, however early."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        try:
            line.sendall(words)
            line.shutdown(socket.SHUT_WR)
        except OSError:
            return b""
        return parts.said(line)


def test_lines_lead_to_a_port_of_the_host_and_pass_on_an_end(scene: Scene) -> None:
    through = Through(scene.connect, scene.way.server_port)
    line = through.line()
    line.sendall(b"hello")
    line.shutdown(socket.SHUT_WR)
    assert line.recv(100) == b"hello"
    assert line.recv(100) == b""
    through.close()


def test_where_nothing_listens_is_said_and_the_connection_stays(scene: Scene) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        through = Through(scene.connect, held.getsockname()[1])
        before = through.standing()
        with pytest.raises(NotReady, match="Nothing answers on the host"):
            through.line()
        assert through.standing() is before
    through.close()


def test_a_connection_that_broke_is_made_anew(scene: Scene, tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("first", "second"))
    port = scene.double.port
    os.kill(parent_of(port), 9)
    with ssh.running(first, str(scene.keys), port=port):
        through = Through(scene.connect, scene.way.server_port)
        before = through.standing()
    with ssh.running(second, str(scene.keys), port=port):
        through.line().close()
        assert through.standing() is not before
        through.close()


def parent_of(port: int) -> int:
    """Return the process of ours that listens on the port."""
    for child in psutil.Process().children():
        if any(each.laddr and each.laddr.port == port for each in child.net_connections()):
            return child.pid
    raise AssertionError(port)


@dataclass
class Holding:
    """A tunnel that is held in a thread, with a clock that the test moves."""

    scene: Scene
    now: float = 0.0
    looked: threading.Event = field(default_factory=threading.Event)
    said: dict[str, object] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        clock = Clock(lambda: self.now, self.sleep)
        hold = partial(holding.hold, self.scene.folder.path, self.scene.way, 0, self.hear, clock)
        self.thread = threading.Thread(target=hold)
        self.thread.start()
        assert self.ready.wait(20)

    def hear(self, words: dict[str, object]) -> None:
        self.said = words
        self.ready.set()

    def sleep(self, _: float) -> None:
        self.looked.set()
        threading.Event().wait(0.01)

    def look(self) -> None:
        """Wait until it has looked whether to end."""
        for _ in range(2):
            self.looked.clear()
            assert self.looked.wait(10)

    @property
    def port(self) -> int:
        return int(str(self.said["port"]))

    def ended(self) -> bool:
        self.thread.join(10)
        return not self.thread.is_alive()


def test_it_ends_when_nobody_has_used_it_for_long_and_not_before(scene: Scene) -> None:
    held = Holding(scene)
    with socket.create_connection(("127.0.0.1", held.port)) as line:
        line.sendall(b"a")
        assert line.recv(1) == b"a"
        held.now = 11 * 3600.0
        line.sendall(b"b")  # a connection that is old, and in use
        assert line.recv(1) == b"b"
        held.now += 11 * 3600.0
        held.look()
        assert held.thread.is_alive()
        held.now += 2 * 3600.0
        assert held.ended()
        assert line.recv(1) == b""
    assert not scene.folder.tunnel.exists()


def test_what_only_comes_counts_as_use_as_well(server: int) -> None:
    now = [0.0]
    use = holding.Use(partial(plain_line, "127.0.0.1", server), Clock(lambda: now[0]))
    line = use.line()
    line.sendall(b"a")
    now[0] = 5.0
    assert use.idle() == 5.0
    line.recv(1)
    assert use.idle() == 0.0
    line.close()


def test_it_ends_with_the_stacks_folder_and_does_not_make_it_again(scene: Scene) -> None:
    held = Holding(scene)
    elsewhere = scene.folder.path.rename(scene.folder.path.with_name("gone"))
    assert held.ended()
    assert not scene.folder.path.exists()
    elsewhere.rename(scene.folder.path)


def test_it_keeps_its_port_when_the_connection_breaks(scene: Scene, tmp_path: Path) -> None:
    os.kill(parent_of(scene.double.port), 9)
    with ssh.running(tmp_path / "first", str(scene.keys), port=scene.double.port):
        held = Holding(scene)
        assert echoed(held.port) == b"hello"
    assert echoed(held.port) == b""  # the host is away: only this one fails
    with ssh.running(tmp_path / "second", str(scene.keys), port=scene.double.port):
        assert echoed(held.port) == b"hello"
        assert tunnel.end(scene.folder)
        assert held.ended()


def test_its_file_is_private_and_locked_as_long_as_it_lives(scene: Scene) -> None:
    held = Holding(scene)
    assert scene.folder.tunnel.stat().st_mode & 0o777 == 0o600
    found = json.loads(scene.folder.tunnel.read_text())
    assert (found["pid"], found["port"]) == (os.getpid(), held.port)
    with scene.folder.tunnel.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert tunnel.end(scene.folder)
    assert held.ended()


def test_a_process_of_its_own_holds_it_and_tells_nobody_a_secret(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "topsecret")
    port = starting.start(scene.folder, scene.way, 0)
    found = note.standing(scene.folder.tunnel)
    assert found is not None
    assert (found.port, found.way) == (port, scene.way)
    process = psutil.Process(found.pid)
    assert process.cmdline()[1:] == ["-m", "mlflow_ops.reach.tunnel"]
    assert "topsecret" not in str(process.environ())
    assert os.getsid(found.pid) != os.getsid(0)
    assert {each.path for each in process.open_files()} == {str(scene.folder.tunnel)}
    assert echoed(port) == b"hello"
    assert tunnel.end(scene.folder)
    until("its end", lambda: not psutil.pid_exists(found.pid), deadline=60, pause=0.05)
    assert tunnel.end(scene.folder) is False


def test_what_its_starter_prints_ends_with_the_starter(scene: Scene) -> None:
    """Else `eval "$(mlflow-ops env)"` would wait for as long as the tunnel lives."""
    script = (
        "import sys, json; from pathlib import Path; from mlflow_ops.folder import Folder\n"
        "from mlflow_ops.reach.tunnel import starting\n"
        "from mlflow_ops.reach.tunnel.note import Way\n"
        "way = Way(**json.loads(sys.argv[2]))\n"
        "print(starting.start(Folder(Path(sys.argv[1])), way, 0))"
    )
    words = [sys.executable, "-c", script, str(scene.folder.path), json.dumps(vars(scene.way))]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert (echoed(int(ended.stdout)), ended.stderr) == (b"hello", "")


def test_a_host_that_cannot_be_reached_is_said(scene: Scene) -> None:
    with pytest.raises(HostUnreachable, match="did not come up: .*another SSH key"):
        starting.start(scene.folder, replace(scene.way, host_key="AAAA"), 0)
    assert not scene.folder.tunnel.exists()


def test_a_number_left_by_a_dead_tunnel_is_never_signalled(scene: Scene) -> None:
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(words) as stranger:
        found = {"pid": stranger.pid, "port": 1, "way": vars(scene.way)}
        scene.folder.tunnel.write_text(json.dumps(found))
        assert note.standing(scene.folder.tunnel) is None
        assert tunnel.end(scene.folder) is False
        assert stranger.poll() is None
        stranger.kill()
    assert not scene.folder.tunnel.exists()


def test_a_tunnel_follows_its_instance_to_another_address_at_the_same_port(
    scene: Scene, tmp_path: Path
) -> None:
    def stack(ssh_port: int) -> Stack:
        nothing: Any = None
        files = AwsFiles(tmp_path, tmp_path)
        target = Target("aws", nothing, files, Ports(ssh_port, scene.way.server_port), lambda: "")
        names = Names("mlflow", "123456789012", "us-east-1")
        made = Stack(names, target, scene.folder)
        made.hosts["i-1"] = scene.connect()
        return made.knows(Instance("i-1", address="127.0.0.1"))

    with ssh.running(tmp_path / "moved", str(scene.keys)) as moved:
        before, after = stack(scene.way.ssh_port), stack(moved.port)
        port, first = tunnel.port(before), note.standing(scene.folder.tunnel)
        assert (tunnel.port(before), note.standing(scene.folder.tunnel)) == (port, first)
        assert tunnel.port(after) == port
        second = note.standing(scene.folder.tunnel)
        assert first is not None
        assert second is not None
        assert first.pid != second.pid
        assert echoed(port) == b"hello"
        for each in (before, after):
            each.hang_up()
        tunnel.end(scene.folder)
