"""Whatever the data's address or the data are, the trainer says one sentence of what is wrong."""

from __future__ import annotations

import contextlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hostile.words import FRAGMENTS, TEXTS, harm
from hypothesis import HealthCheck, given, settings

from trainer import data, visible
from trainer.__main__ import main
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = "".join(FRAGMENTS)
HEADER = b'"pH";"quality"\n'


class Endless(BaseHTTPRequestHandler):
    """Answers every question without end."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"x" * 1_000_000)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's
        del format, args


@contextmanager
def serving() -> Iterator[str]:
    """Serve endless answers; yield the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(TEXTS.filter(bool))
def test_no_path_is_more_than_a_path(words: str) -> None:
    for source in (words, f"./{words}", f"x{words}://y"):
        with contextlib.suppress(DataError):
            data.load(source)
    assert [each.name for each in Path().iterdir()] == ["home"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 10_000,
        b"\xff\xfe\x1b[2J" * 1_000,
        b"x" * 10_000_000,
        HEADER + b"\x1b[2J;\x9b\n",
        HEADER.replace(b"pH", b"\x1b[2J\xe2\x80\xae"),
        b'"' + b"x" * 1_000_000,
        HEADER + b"3.1;5\n" + b";" * 1_000_000,
    ],
)
def test_a_file_of_anything_is_refused_in_words_that_can_be_read(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "\x1b[2J\u202e\x9bdata.csv"
    path.write_bytes(content)
    ended = CliRunner().invoke(main, ["--data", str(path), "--tracking-uri", "http://127.0.0.1:9"])
    assert ended.exit_code == 1
    assert ended.output.startswith("Error: ")
    assert harm(ended.output) == set()
    assert len(ended.output) < visible.LONGEST + 100


def test_an_answer_without_end_is_given_up_and_said() -> None:
    with serving() as url, pytest.raises(DataError, match="longer than 100 MB"):
        data.load(f"{url}/x.csv")


def test_what_is_wrong_with_an_address_is_shown_to_be_read() -> None:
    words = ["--data", f"http://127.0.0.1:9/{ALL}", "--tracking-uri", "http://127.0.0.1:9"]
    ended = CliRunner().invoke(main, words)
    assert ended.exit_code == 1
    assert harm(ended.output) == set()
