"""The page in a real browser, with no warning switched off."""

from __future__ import annotations

import json
import signal
import struct
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machine.operator import Operator
    from machine.page import Page
    from machine.stranger import Stranger

# `make screenshots` puts two of them into the documentation.
SCREENSHOTS = Path(__file__).resolve().parents[3] / "build" / "screenshots"
WIDTH, HEIGHT, LARGEST = 1280, 800, 150_000
EXPERIMENT = "wine quality"
PLOT_WIDTH = 480  # as the trainer draws them
NO_MODE_BAR = """\
document.addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = ".modebar { display: none !important }";
  document.head.append(style);
});
"""
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


def test_a_browser_that_knows_no_ca_logs_in_through_open_and_sees_all_that_was_trained(
    stack: Operator, tmp_path: Path, wine_csv: str
) -> None:
    browser.install()
    first, second = (trained(stack, alpha, wine_csv) for alpha in ("0.1", "0.6"))
    with served(stack) as (uri, login), browser.opened([], tmp_path, login) as page:
        window(page)
        assert page.look(f"{uri}/#/experiments") == ""
        assert page.was_asked_to_log_in
        page.shows("Default")
        page.shows(EXPERIMENT)
        assert page.run(SEARCH) == [200, 1]
        page.click("Close")  # the assistant, which MLflow shows at first beside its page
        page.click("Model training")
        the_experiment_shows_both(page, uri, [first, second])
        a_runs_page_shows_its_numbers_and_plots(page, uri, second)
        the_registered_model_has_both_versions(page, uri, [first, second])
        assert {status for _, url, status in page.answers() if url.startswith(uri)} == {200}
        assert page.complaints() == []


def trained(stack: Operator, alpha: str, data: str) -> dict[str, Any]:
    """Train a model in an experiment of its own; return what `train` printed."""
    words = ("--alpha", alpha, "--data", data, "--experiment", EXPERIMENT)
    ran = stack("train", *words, "--run-name", f"alpha {alpha}", "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = ran.document
    return found


@contextmanager
def served(stack: Operator) -> Iterator[tuple[str, tuple[str, str]]]:
    """Give the address that `open` serves the page at, and the login that it tells of.

    It is ended by Ctrl-C.
    """
    with stack.start("open", "--no-browser", "--json") as process:
        assert process.stdout
        try:
            told = json.loads(process.stdout.readline())
            assert told["uri"].startswith("http://127.0.0.1:")
            yield (
                told["uri"],
                (told["username"], Path(told["password_file"]).read_text("utf-8").strip()),
            )
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def window(page: Page) -> None:
    """Give the page a window of the screenshots' size, without what only a mouse brings up."""
    size: dict[str, Any] = {
        "width": WIDTH,
        "height": HEIGHT,
        "deviceScaleFactor": 1,
        "mobile": False,
    }
    page.devtools.ask("Emulation.setDeviceMetricsOverride", **size)
    page.devtools.ask("Page.addScriptToEvaluateOnNewDocument", source=NO_MODE_BAR)


def the_experiment_shows_both(page: Page, uri: str, runs: list[dict[str, Any]]) -> None:
    page.look(f"{uri}/#/experiments/{runs[0]['experiment_id']}/runs?compareRunsMode=CHART")
    for run in runs:
        page.shows(f"alpha {run['params']['alpha']}")
        for metric in ("rmse", "mae"):
            page.shows(metric)
            page.shows(f"{run['metrics'][metric]:.2f}")
    kept(page, "experiment")


def a_runs_page_shows_its_numbers_and_plots(page: Page, uri: str, run: dict[str, Any]) -> None:
    place = f"{uri}/#/experiments/{run['experiment_id']}/runs/{run['run_id']}"
    page.look(place)
    for value in (*run["metrics"].values(), *run["params"].values()):
        page.shows(str(value))
    kept(page, "numbers")
    page.look(f"{place}/artifacts/plots/coefficients.png")
    page.shows_image(PLOT_WIDTH, set())
    for plot in ("predicted_vs_actual", "residuals"):
        before = page.images(PLOT_WIDTH)
        page.click(f"{plot}.png")
        page.shows(f"plots/{plot}.png")
        page.shows_image(PLOT_WIDTH, before)
    kept(page, "run")


def the_registered_model_has_both_versions(
    page: Page, uri: str, runs: list[dict[str, Any]]
) -> None:
    name = runs[0]["model"]["name"]
    page.look(f"{uri}/#/models/{name}")
    page.shows(name)
    for run in runs:
        page.shows(f"Version {run['model']['version']}")
    kept(page, "model")


def kept(page: Page, name: str) -> None:
    """Keep a screenshot, small enough for a README."""
    picture = page.screenshot(SCREENSHOTS / f"{name}.png")
    assert struct.unpack(">II", picture[16:24]) == (WIDTH, HEIGHT)
    assert len(picture) < LARGEST
