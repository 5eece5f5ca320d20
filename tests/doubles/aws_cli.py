"""The `aws` program for commands that our users paste: parsed by botocore's models, run at once.

The real one takes half a second to start. This one is a short script that asks the test's process.
"""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk
import jmespath  # type: ignore[import-untyped]  # it ships no types
from botocore import xform_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCRIPT = """#!{python} -IS
import json, socket, sys
words = sys.argv[1:]
given = sys.stdin.read() if "file:///dev/stdin" in words else ""
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect({path!r})
    asked.sendall((json.dumps([words, given]) + chr(10)).encode())
    out, error, code = json.loads(asked.makefile().readline())
sys.stdout.write(out)
sys.stderr.write(error)
sys.exit(code)
"""
SERVICES = {"s3api": "s3"}
# Options of the program itself, by how many words follow each.
OWN = {"--region": 1, "--profile": 1, "--endpoint-url": 1, "--query": 1, "--output": 1}


@dataclass(frozen=True)
class Pasted:
    """A shell in which the `aws` program leads to a cloud of the test's."""

    folder: Path

    def paste(self, commands: list[str]) -> subprocess.CompletedProcess[str]:
        """Run the commands one after the other, as they stand."""
        return subprocess.run(
            ["/bin/bash", "-c", "\n".join(commands)],
            env={"PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@contextmanager
def running(folder: Path, client: Callable[[str, str], Any]) -> Iterator[Pasted]:
    """Lend a shell whose `aws` uses these clients, made by service and region."""
    folder.mkdir()
    socket, program = str(folder / "socket"), folder / "aws"
    program.write_text(SCRIPT.format(python=sys.executable, path=socket))
    program.chmod(0o700)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            words, given = json.loads(self.rfile.readline())
            self.wfile.write((json.dumps(_run(client, words, given)) + "\n").encode())

    with socketserver.ThreadingUnixStreamServer(socket, Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Pasted(folder)
        finally:
            server.shutdown()
            thread.join()


def _run(client: Callable[[str, str], Any], words: list[str], given: str) -> tuple[str, str, int]:
    """Return what the program would print, print as errors, and end with."""
    options, service, action, *rest = _sorted(words)
    try:
        aws = client(SERVICES.get(service, service), options["--region"])
        if action == "wait":
            which = _parameters(
                aws, {"instance-terminated": "DescribeInstances"}[rest[0]], rest[1:], given
            )
            aws.get_waiter(xform_name(rest[0], "_").replace("-", "_")).wait(
                **which, WaiterConfig={"Delay": 0, "MaxAttempts": 40}
            )
            return "", "", 0
        operations = {
            xform_name(name, "-"): name for name in aws.meta.service_model.operation_names
        }
        parameters = _parameters(aws, operations[action], rest, given)
        answer = getattr(aws, xform_name(operations[action]))(**parameters)
    except sdk.ClientError as error:
        return "", f"{error}\n", 254
    except (KeyError, sdk.ParamValidationError) as error:
        return "", f"usage: {error!r} in {words}\n", 252
    answer.pop("ResponseMetadata")
    shown = jmespath.search(options["--query"], answer) if "--query" in options else answer
    text = options.get("--output") == "text"
    return (f"{shown}\n" if text else json.dumps(shown, default=str)), "", 0


def _sorted(words: list[str]) -> tuple[Any, ...]:
    """Return the program's own options, and then all other words."""
    options, rest, left = {}, [], list(words)
    while left:
        word = left.pop(0)
        if word == "--no-paginate":
            continue
        if word in OWN:
            options[word] = left.pop(0)
        else:
            rest.append(word)
    return options, *rest


def _parameters(aws: Any, operation: str, words: list[str], given: str) -> dict[str, Any]:  # noqa: ANN401 - one of boto3's clients
    """Return an operation's parameters; raise KeyError for an option that it does not have."""
    shape = aws.meta.service_model.operation_model(operation).input_shape
    members = {f"--{xform_name(name, '-')}": name for name in shape.members}
    found = {}
    for option, word in zip(words[::2], words[1::2], strict=True):
        kind = shape.members[members[option]].type_name
        value = {"list": [word], "structure": given}.get(kind, word)
        found[members[option]] = json.loads(given) if kind == "structure" else value
    return found
