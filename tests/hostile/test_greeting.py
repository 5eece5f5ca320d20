"""Whatever answers where SSH should, it is one sentence, and nothing of it reaches a terminal."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncssh
import pytest
from hostile.words import harm

from mlflow_ops import host
from mlflow_ops.errors import HostUnreachable
from trainer import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def greeting(words: bytes) -> Iterator[int]:
    """Serve what is no SSH server, but talks first as one does; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            line, _ = listener.accept()
            with line, contextlib.suppress(OSError):
                line.sendall(words)

        thread = threading.Thread(target=answer)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()


@pytest.mark.parametrize(
    "words",
    [
        b"\x1b]0;own\x07\x1b[2J\r\n" * 100,
        b"SSH-1.0-\x1b[2J\r\n",
        b"SSH-2.0-\x1b[2Jx\r\n\xff\xff",
        b"\0" * 1_000_000,
        b"x" * 1_000_000,
    ],
)
def test_a_greeting_that_is_none_is_one_sentence_and_nothing_of_it_is_logged(
    words: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "id")
    public = key.export_public_key().decode()
    (tmp_path / "known_hosts").write_text(f"i-1 {public}")
    files = tmp_path / "id", tmp_path / "known_hosts"
    with greeting(words) as port:
        login = host.Login("i-1", "127.0.0.1", port, *files)
        with pytest.raises(HostUnreachable) as caught:
            host.connect(login)
    assert "Traceback" not in "".join(capfd.readouterr())
    assert len(str(caught.value)) < 1_000_000
    assert harm(visible.text(str(caught.value))) == set()
    assert logging.getLogger("paramiko").handlers
