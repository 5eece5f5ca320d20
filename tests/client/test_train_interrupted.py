"""What `train` says when somebody interrupts it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from client import parts

from mlflow_ops.cli import main

if TYPE_CHECKING:
    import socket


def interrupt(line: socket.socket) -> None:
    """Press Ctrl-C as soon as somebody asks."""
    line.recv(65_536)
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupted_training_is_not_said_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with parts.serving(interrupt) as port:
            words = ["train", "--data", "sample", "--tracking-uri", f"http://127.0.0.1:{port}"]
            with pytest.raises(SystemExit) as ended:
                main(words)
    finally:
        signal.signal(signal.SIGINT, before)
    said = "Error: Interrupted: what is logged stays, and the same command again begins anew.\n"
    assert (ended.value.code, capsys.readouterr().err) == (1, said)
