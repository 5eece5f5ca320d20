"""One account, the machines behind it, and the people with laptops who work on it."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import host, operator, server, standing
from .account import IMAGE
from .trap import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .host import Host
    from .operator import Laptop, Operator, Run
    from .server import StrictCloud
    from .trap import Trap

REGION = standing.REGION
# What stands in the AWS files before us: no line end, and a comment, to be found again as they are.
THEIRS = {
    "credentials": b"[default]\naws_access_key_id = X\naws_secret_access_key = Y",
    "config": b"# mine\n[default]\nregion = us-east-1\n",
}


@dataclass
class Scene:
    """The account and who works on it."""

    cloud: StrictCloud
    host: Host
    operator: Operator
    folder: Path
    _clients: dict[str, Any] = field(default_factory=dict)
    _laptops: int = 0
    _before: dict[str, set[str]] = field(default_factory=dict)

    def begin(self) -> Scene:
        """Empty the account, and remember what it holds then."""
        self.host.reset()
        self.cloud.reset()
        self._before = standing.held()
        return self

    def afresh(self) -> None:
        """Let the cloud forget what is over, so that the next run meets what the last one met."""
        self.cloud.fresh()
        standing.forget_the_dead()
        self.host.launched.clear()

    def laptop(self, a_host: Host | None = None) -> Laptop:
        """Return a new laptop, on which nobody has worked but the AWS CLI is set up."""
        self._laptops += 1
        made = operator.Laptop(self.folder / f"laptop-{self._laptops}", (a_host or self.host).ports)
        made.aws.mkdir(parents=True)
        self.restore_aws_files(made)
        return made

    def restore_aws_files(self, laptop: Laptop) -> None:
        """Write the AWS files as they were before us."""
        for name, content in THEIRS.items():
            (laptop.aws / name).write_bytes(content)

    def client(self, service: str) -> Any:  # noqa: ANN401 - one of boto3's clients
        """Return a client of somebody who deletes things by hand; making one takes long."""
        if service not in self._clients:
            self._clients[service] = self.cloud.client(service)
        return self._clients[service]

    def ready_laptop(self) -> Laptop:
        """Return a new laptop from which a stack was made."""
        laptop = self.laptop()
        ended = self.up(laptop)
        assert ended.code == 0, ended.output
        return laptop

    def up(self, laptop: Laptop, *words: str, **environment: str) -> Run:
        """Run `mlflow-ops up --yes` to its end."""
        return self.operator.run(laptop, "up", "--yes", *MAKE, *words, **environment)

    def down(self, laptop: Laptop, *words: str, **environment: str) -> Run:
        """Run `mlflow-ops down --yes` to its end."""
        return self.operator.run(laptop, "down", "--yes", *words, **environment)

    def trapped(self, trap: Trap, laptop: Laptop, *words: str, **environment: str) -> Run:
        """Run `mlflow-ops WORDS` into a trap, to its end."""
        with trap.set_on(self.cloud, self.host):
            run = self.operator.start(laptop, *words, **environment)
            trap.run.set_result(run)
            return run.wait()

    def left_by(self, trap: Trap, laptop: Laptop, *, host: bool = True) -> str:
        """Return all in which two stopped runs can differ: what they have done, and their files.

        Ids and keys differ too, but they have the same length in each run; and nobody reads the
        logs. Without `host` what was done there does not count.
        """
        files = sorted(path for path in laptop.ops.rglob("*") if path.suffix != ".log")
        sizes = [(str(path.relative_to(laptop.ops)), path.stat().st_size) for path in files]
        done = [each for each in trap.done if host or not each.startswith(HOST)]
        return repr((done, sizes))

    def wipe(self, laptop: Laptop) -> None:
        """Clear away what stands, and the laptop too."""
        self.host.reset()
        standing.wipe(self.holds())
        assert self.holds() == {}
        shutil.rmtree(laptop.folder)

    def holds(self, region: str = REGION) -> dict[str, set[str]]:
        """Return what the account holds that it did not hold at the beginning, by kind."""
        now = standing.held(region)
        return {kind: found for kind in now if (found := now[kind] - self._before.get(kind, set()))}

    def check_ready(self, after: str, laptop: Laptop) -> None:
        """See that there is exactly one of each resource, and that the server answers for them."""
        there = self.holds()
        assert {kind: len(ids) for kind, ids in there.items()} == standing.ONE_OF_EACH, (
            f"{after}: {there}"
        )
        machine = self.host.live
        assert machine, after
        assert {machine.instance} == there["instances"], after
        assert machine.home.serves, after
        given = (machine.home.folder / ".aws" / "credentials").read_text(encoding="utf-8")
        assert all(key in given for key in there["access_keys"]), after
        ours = (laptop.aws / "credentials").read_text(encoding="utf-8")
        assert all(key in ours for key in there["access_keys"]), after
        self.check_host_key(after, laptop)

    def check_host_key(self, after: str, laptop: Laptop) -> None:
        """See that the host shows a key of its own, by which it is known everywhere."""
        machine = self.host.need()
        shown = machine.host_key.export_public_key().decode().split()[1]
        assert machine.host_key != machine.born_with, after
        assert standing.tags(machine.instance)["mlflow-ops:host-key"] == shown, after
        [pinned] = [path.read_text() for path in laptop.ops.rglob("known_hosts")]
        assert f"{machine.instance} ssh-ed25519 {shown}" in pinned.splitlines(), after
        assert not list(laptop.ops.rglob("launch_host_*")), after

    def check_empty(self, after: str, laptop: Laptop) -> None:
        """See that nothing is left, in the account or on the laptop."""
        assert self.holds() == {}, f"{after}: {self.holds()}"
        files = {path.relative_to(laptop.folder) for path in laptop.folder.rglob("*")}
        theirs = {Path(".aws"), *(Path(".aws", name) for name in THEIRS)}
        assert files == theirs, f"{after}: {files - theirs or theirs - files}"
        for name, content in THEIRS.items():
            assert (laptop.aws / name).read_bytes() == content, f"{after}: {name}"


MAKE = ("--ami", IMAGE)


@contextmanager
def staged(cloud: StrictCloud | None = None) -> Iterator[Scene]:
    """Serve an account with a host behind it and have an operator ready, as long as it lasts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        served = cloud or stack.enter_context(server.serving())
        machines = stack.enter_context(host.running(folder / "host"))
        (folder / "said").mkdir()
        runs = stack.enter_context(operator.ready(served.endpoint, folder / "said"))
        stack.enter_context(served.also(machines.rule))
        yield Scene(served, machines, runs, folder)
