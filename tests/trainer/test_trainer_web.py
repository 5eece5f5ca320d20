"""What is asked of the web has a deadline, and an answer or one clear sentence."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from trainer import data
from trainer.errors import DataError

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

Listening: TypeAlias = Callable[[type[BaseHTTPRequestHandler]], AbstractContextManager[int]]


@dataclass
class Web:
    """A web server: what it answers by path, and what it was asked."""

    url: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def web(listening: Listening) -> Iterator[Web]:
    """Answer with the pages given; unknown ones are 404, and /hangs never ends."""
    site = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            site.asked.append(self.path)
            if path == "/hangs":
                site.over.wait()
            body = site.pages.get(path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's
            del format, args

    with listening(Handler) as port:
        site.url = f"http://127.0.0.1:{port}"
        try:
            yield site
        finally:
            site.over.set()


def published(
    web: Web, csv: bytes, path: str = "/wine.csv", deadline: float = 20.0
) -> data.Published:
    return data.Published(
        url=web.url + path,
        sha256=hashlib.sha256(csv).hexdigest(),
        name="wine.csv",
        deadline=deadline,
    )


def test_the_published_file_is_downloaded_once(web: Web, csv: bytes) -> None:
    web.pages["/wine.csv"] = csv
    first = data.load(published=published(web, csv))
    second = data.load(published=published(web, csv))
    assert web.asked == ["/wine.csv"]
    assert first.source == second.source == f"{web.url}/wine.csv"
    assert first.frame.equals(second.frame)
    assert not first.generated


def test_its_address_given_in_full_is_the_same_file(web: Web, csv: bytes) -> None:
    web.pages["/wine.csv"] = csv
    for _ in range(2):
        data.load(f"{web.url}/wine.csv", published=published(web, csv))
    assert web.asked == ["/wine.csv"]


def test_a_damaged_cache_is_replaced(web: Web, csv: bytes, tmp_path: Path) -> None:
    web.pages["/wine.csv"] = csv
    data.load(published=published(web, csv))
    (tmp_path / "cache" / "mlflow-ops" / "wine.csv").write_bytes(b"cut sho")
    assert len(data.load(published=published(web, csv)).frame) == 40
    assert len(web.asked) == 2


def test_a_file_that_is_not_the_published_one_is_refused(web: Web, csv: bytes) -> None:
    web.pages["/wine.csv"] = csv.replace(b"5", b"6")
    with pytest.raises(DataError, match=r"Unable to download .*wrong checksum.*--data PATH"):
        data.load(published=published(web, csv))
    web.pages["/wine.csv"] = csv
    data.load(published=published(web, csv))


def test_a_failed_download_names_the_address_the_cause_and_the_way_out(
    web: Web, csv: bytes, closed_port: int
) -> None:
    with pytest.raises(DataError, match=rf"Unable to download the data from {web.url}/x: .*404"):
        data.load(published=published(web, csv, "/x"))
    web.url = f"http://127.0.0.1:{closed_port}"
    with pytest.raises(DataError, match=r"/wine.csv: Connection refused\. Pass .*--data PATH"):
        data.load(published=published(web, csv))


def test_a_download_that_stalls_meets_its_deadline(web: Web, csv: bytes) -> None:
    with pytest.raises(DataError, match="no answer in time"):
        data.load(published=published(web, csv, "/hangs", deadline=0.2))


def test_a_cache_that_cannot_be_written_is_said(web: Web, csv: bytes, tmp_path: Path) -> None:
    web.pages["/wine.csv"] = csv
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(DataError, match=r"Unable to download .*: .*(directory|exists)"):
        data.load(published=published(web, csv))


def test_a_user_behind_a_dead_proxy_is_told_in_one_line(
    cli: Callable[..., subprocess.CompletedProcess[str]], closed_port: int
) -> None:
    done = cli(HTTPS_PROXY=f"http://127.0.0.1:{closed_port}")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Unable to download the data from https://archive.ics.uci.edu/" in done.stderr
    assert "--data PATH" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_another_url_is_read_anew_each_time(web: Web, csv: bytes) -> None:
    web.pages["/mine.csv"] = csv
    assert len(data.load(f"{web.url}/mine.csv").frame) == 40
    web.pages["/mine.csv"] = b"".join(csv.splitlines(keepends=True)[:21])
    assert len(data.load(f"{web.url}/mine.csv").frame) == 20


def test_a_secret_in_a_url_is_neither_recorded_nor_shown(web: Web, csv: bytes) -> None:
    web.pages["/mine.csv"] = csv
    secret = web.url.replace("://", "://me:hunter2@")
    loaded = data.load(f"{secret}/mine.csv?signature=hunter2")
    assert web.asked == ["/mine.csv?signature=hunter2"]
    assert loaded.source == f"{web.url}/mine.csv"
    with pytest.raises(DataError) as caught:
        data.load(f"{secret}/gone.csv?signature=hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://", "http://[bad", "http://127.0.0.1:99999/x", "https://.."]
)
def test_a_url_that_is_none_is_said(url: str) -> None:
    with pytest.raises(DataError, match="Unable to download the data"):
        data.load(url)
