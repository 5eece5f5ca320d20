"""A certificate authority that speaks ACME, and names that lead where a test says.

A second Caddy on this computer, at the machine's gateway, plays the public authority: it looks a
domain up, asks for the challenge on port 80 there, and signs. Names are given by a hosts file that
is laid over /etc/hosts in a mount namespace of whoever is to know them, so that this computer's
own stays as it is.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_ops import wait

from .launch import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .kinds import Machine

CADDY = Path(sys.executable).with_name("caddy")
PORT = 8443
SETTINGS = """\
{{
	admin off
	persist_config off
	skip_install_trust
	auto_https disable_redirects
	storage file_system "{folder}/store"
	http_port 8081
	https_port {port}
	servers {{
		protocols h1 h2
	}}
}}

https://{address}:{port} {{
	bind {address}
	tls internal
	acme_server
}}
"""
# What is in front of a command that is to know the names in a file.
KNOWING = 'mount --bind "$0" /etc/hosts && exec "$@"'
TRUST = "cat > /usr/local/share/ca-certificates/acme.crt && update-ca-certificates"


@dataclass(frozen=True)
class Authority:
    """A running authority: where it is, and the names it and its neighbours know."""

    folder: Path
    directory: str

    @property
    def root(self) -> Path:
        """The file of the certificate that those who trust it hold."""
        return self.folder / "store/pki/authorities/local/root.crt"

    @property
    def knowing(self) -> tuple[str, ...]:
        """What is put before a command to let it know the names."""
        return ("unshare", "--mount", "sh", "-c", KNOWING, str(self.folder / "hosts"))

    def name(self, domain: str, *addresses: str) -> None:
        """Let a domain lead to these addresses."""
        lines = ["127.0.0.1 localhost", *(f"{address} {domain}" for address in addresses)]
        # Written over, not replaced: it is mounted elsewhere.
        (self.folder / "hosts").write_text("\n".join(lines) + "\n")

    def trusted_by(self, machine: Machine) -> None:
        """Put the root into the machine's store, where a public authority's is already."""
        machine.run(TRUST, stdin=self.root.read_text())


@contextmanager
def authority(machine: Machine, folder: Path) -> Iterator[Authority]:
    """Run an authority at this machine's gateway."""
    address = machine.gateway
    running = Authority(folder, f"https://{address}:{PORT}/acme/local/directory")
    running.name("localhost")
    settings = folder / "Caddyfile"
    settings.write_text(SETTINGS.format(folder=folder, address=address, port=PORT))
    command = [*running.knowing, str(CADDY), "run", "--config", str(settings)]
    own = {"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--adapter", "caddyfile"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=own,
        )
    try:
        wait.until("the authority", lambda: answers(address, PORT), deadline=60)
        yield running
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def missing() -> str:
    """Return why no authority can run here, or an empty string."""
    return "" if CADDY.exists() or shutil.which("caddy") else f"There is no {CADDY}."
