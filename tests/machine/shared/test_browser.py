"""The page in a real browser, with no warning switched off."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from machine import browser

if TYPE_CHECKING:
    from pathlib import Path

    from machine.operator import Operator
    from machine.stranger import Stranger

pytestmark = pytest.mark.timeout(600)
SEARCH = """\
fetch("/ajax-api/2.0/mlflow/experiments/search", {
  method: "POST", headers: {"Content-Type": "application/json"}, body: '{"max_results": 1}',
}).then(async answer => [answer.status, (await answer.json()).experiments.length])
"""


def test_a_browser_shows_the_experiments_and_may_post(
    stack: Operator, stranger: Stranger, ca: Path, login: tuple[str, str]
) -> None:
    browser.install()
    browser.trust(stranger.home, ca)
    uri = stack.exports()["MLFLOW_TRACKING_URI"]
    with browser.opened(stack.machine.stranger(), stranger.home, login) as page:
        assert page.look(f"{uri}/#/experiments") == ""
        page.shows("Default")
        assert page.run(SEARCH) == [200, 1]
        assert {status for _, url, status in page.answers() if url.startswith(uri)} == {200}
        assert page.complaints() == []


def test_a_browser_without_the_ca_warns(
    stack: Operator, stranger: Stranger, login: tuple[str, str]
) -> None:
    browser.install()
    with browser.opened(stack.machine.stranger(), stranger.home, login) as page:
        error = page.look(stack.exports()["MLFLOW_TRACKING_URI"])
        assert error == "net::ERR_CERT_AUTHORITY_INVALID"


def test_the_page_that_open_serves_works_in_a_browser_that_knows_no_ca(
    stack: Operator, tmp_path: Path, login: tuple[str, str]
) -> None:
    browser.install()
    with stack.start("open", "--no-browser", "--json") as process:
        assert process.stdout
        uri = json.loads(process.stdout.readline())["uri"]
        assert uri.startswith("http://127.0.0.1:")
        with browser.opened([], tmp_path, login) as page:
            assert page.look(f"{uri}/#/experiments") == ""
            page.shows("Default")
            assert page.run(SEARCH) == [200, 1]
            assert page.complaints() == []
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
