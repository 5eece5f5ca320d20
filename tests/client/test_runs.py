"""`runs` and `models` show what a real MLflow server holds, in the order that it makes."""

from __future__ import annotations

import io
import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from client import parts
from client.conftest import FIRST_PASSWORD
from hostile.words import harm

from mlflow_ops.cli import models as models_command
from mlflow_ops.cli import runs as runs_command
from mlflow_ops.cli.paper import Paper
from mlflow_ops.cli.show import Screen
from mlflow_ops.errors import BadOption, TooSlow
from mlflow_ops.holdings import models, runs
from mlflow_ops.holdings.run import PARENT, USER
from mlflow_ops.holdings.runs import Wish
from mlflow_ops.reach.tracking import Tracking
from mlflow_ops.server import accounts, serving

if TYPE_CHECKING:
    import socket

    from client.conftest import Server

CELLAR, OTHER = accounts.generated(), accounts.generated()
HOSTILE = "run \x1b[2J\u202e [red]x[/]"
BEST, WORST = "the best", "the worst"
CLOCK = itertools.count(1_700_000_000_000, 60_000)  # each run a minute after the one before
SHOW: dict[str, Any] = {"sort": "rmse", "experiment": CELLAR}


@pytest.fixture(scope="module")
def server(login_server: Server) -> Tracking:
    """Give the server with two experiments and two registered models."""
    server = Tracking(login_server.uri, serving.ADMIN, FIRST_PASSWORD, None, 20)
    cellar, other = (
        server.ask("/experiments/create", {"name": name})["experiment_id"]
        for name in (CELLAR, OTHER)
    )
    parent = log(server, cellar, "parent", {})
    log(server, cellar, "middle", {"rmse": 0.5, "r2": 0.5}, parent=parent, alpha="10")
    log(server, cellar, BEST, {"rmse": 0.25, "r2": 0.9, "alpha": 7}, parent=parent, alpha="2")
    log(server, cellar, WORST, {"rmse": 9, "r2": -1, "system/cpu": 1}, alpha="3", kind="x" * 5000)
    log(server, cellar, "nothing", {"rmse": "NaN"})
    deleted = log(server, cellar, "deleted", {"rmse": 0.1})
    log(server, other, HOSTILE, {"rmse": 1})
    register(server, "Wine", [parent, deleted], {"champion": "1"})
    register(server, "Empty", [], {})
    server.ask("/runs/delete", {"run_id": deleted})
    return server


def log(server: Tracking, experiment: str, name: str, metrics: dict[str, Any], **more: str) -> str:
    """Log a run, with the parameters and perhaps the parent that are named; return its id."""
    tags = [{"key": USER, "value": "ada"}]
    if "parent" in more:
        tags.append({"key": PARENT, "value": more.pop("parent")})
    asked = {"experiment_id": experiment, "run_name": name, "start_time": next(CLOCK), "tags": tags}
    run_id = str(server.ask("/runs/create", asked)["run"]["info"]["run_id"])
    values = [{"key": key, "value": each, "timestamp": 1} for key, each in metrics.items()]
    params = [{"key": key, "value": each} for key, each in more.items()]
    server.ask("/runs/log-batch", {"run_id": run_id, "metrics": values, "params": params})
    return run_id


def register(server: Tracking, name: str, of: list[str], aliases: dict[str, str]) -> None:
    """Register a model with a version for each run."""
    server.ask("/registered-models/create", {"name": name})
    for run_id in of:
        info = server.get(f"/runs/get?run_id={run_id}")["run"]["info"]
        version = {"name": name, "source": f"{info['artifact_uri']}/model", "run_id": run_id}
        server.ask("/model-versions/create", version)
    for alias, number in aliases.items():
        server.ask("/registered-models/alias", {"name": name, "alias": alias, "version": number})


def names(server: Tracking, **wish: Any) -> list[str]:  # noqa: ANN401 - a wish's fields
    return [run.name for run in runs.find(server, Wish(experiment=CELLAR, **wish)).found]


def table(show: Any, *given: Any) -> list[str]:  # noqa: ANN401 - a command's own parts
    """Return the lines that a command shows in a pipe."""
    screen, file = Screen(), io.StringIO()
    screen.console = Paper(file=file, highlight=False, emoji=False)
    show(screen, *given)
    assert harm(file.getvalue()) == set()
    return file.getvalue().splitlines()


def test_the_newest_run_is_first_and_deleted_ones_are_not_shown(server: Tracking) -> None:
    assert names(server) == ["nothing", WORST, BEST, "middle", "parent"]
    assert names(server, ascending=True)[0] == "parent"


def test_the_best_is_first_and_what_has_no_number_last(server: Tracking) -> None:
    assert names(server, sort="rmse") == [BEST, "middle", WORST, "nothing", "parent"]
    assert names(server, sort="r2")[:3] == [BEST, "middle", WORST]
    assert names(server, sort="rmse", ascending=False)[:3] == [WORST, "middle", BEST]
    assert str(runs.find(server, Wish(**SHOW)).order) == "by rmse, the lowest first, which is best"


def test_a_name_is_a_metric_before_it_is_a_parameter(server: Tracking) -> None:
    assert names(server, sort="alpha")[0] == BEST
    assert names(server, sort="params.alpha")[:3] == ["middle", BEST, WORST]  # "10" < "2" as text
    assert names(server, sort="kind")[0] == WORST


def test_no_more_than_asked_for_are_shown_and_that_there_are_more_is_said(server: Tracking) -> None:
    found = runs.find(server, Wish(most=2, **SHOW))
    assert ([run.name for run in found.found], found.more) == ([BEST, "middle"], True)
    assert not runs.find(server, Wish(most=5, **SHOW)).more
    assert table(runs_command.show, found, Wish(most=2))[-1] == (
        "Sorted by rmse, the lowest first, which is best; -n 10 shows more of them."
    )


def test_children_are_found_by_their_parent(server: Tracking) -> None:
    *_, best, _, parent = runs.find(server, Wish(experiment=CELLAR)).found
    for said in (parent.id, parent.id[:8]):  # as a narrow terminal shows it
        assert names(server, parent=said, sort="rmse") == [BEST, "middle"]
    assert names(server, parent=best.id) == []


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"sort": "rsme"}, "No run here has a metric or a parameter 'rsme' to sort by"),
        ({"sort": "a`b"}, "No run here has a metric"),
        ({"experiment": "nowhere"}, "There is no experiment 'nowhere' that you may see"),
        ({"parent": "x' OR 'y"}, "is no run's id"),
        ({"parent": "0" * 32}, "There is no run '0{32}' here"),
    ],
)
def test_what_there_is_not_is_one_sentence(
    server: Tracking, wish: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadOption, match=sentence):
        runs.find(server, Wish(**wish))


def test_the_table_has_what_tells_the_runs_apart(server: Tracking) -> None:
    found = runs.find(server, Wish(**SHOW))
    heading, first, *_, last = table(runs_command.show, found, Wish(**SHOW))[:-1]
    words = ("start", "(UTC)", "name", "status", "user", "alpha", "rmse", "r2", "run")
    assert heading.split() == [*words]  # and not what one run of five alone has
    assert first.split()[3:] == [*("best", "running", "ada", "2", "0.25", "0.9"), found.found[0].id]
    assert last.split()[2:] == [*("parent", "running", "ada", "-", "-", "-"), found.found[-1].id]


def test_of_several_experiments_each_run_says_which_and_harms_no_terminal(server: Tracking) -> None:
    found = runs.find(server, Wish(sort="rmse"))
    shown = table(runs_command.show, found, Wish())
    assert "experiment" in shown[0]
    [line] = [line for line in shown if OTHER in line]
    assert r"run \x1b[2J\u202e [red]x[/]" in line


def test_the_document_is_json_whatever_the_numbers_are(server: Tracking) -> None:
    found = runs.find(server, Wish(sort="start", most=1, experiment=CELLAR))
    said = json.loads(json.dumps(found.document, allow_nan=False))
    assert said["sort"] == {"by": "start", "kind": "start", "ascending": False}
    assert said["more"] is True
    [run] = said["runs"]
    assert run["metrics"] == {"rmse": "NaN"}
    assert (run["experiment"], run["parent"], run["end"]) == (CELLAR, None, None)
    assert run["start"].startswith("2023-11-14T")


def only_lists(line: socket.socket) -> None:
    """Tell of an experiment, and be at work on all else until nobody waits any more."""
    answer = json.dumps({"experiments": [{"experiment_id": "0", "name": "Default"}]})
    if b"/experiments/" in line.recv(65_536):
        line.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n{answer}".encode())
    while line.recv(65_536):
        pass


def test_a_server_that_takes_too_long_is_not_said_to_be_away() -> None:
    with parts.serving(only_lists) as port:
        slow = Tracking(f"http://127.0.0.1:{port}", deadline=0.3)
        with pytest.raises(TooSlow) as said:
            runs.find(slow, Wish(sort="rmse"))
    assert str(said.value) == (
        f"The server at {slow.uri} did not answer within 0.3 s, asked to sort its runs by rmse: "
        "with `--experiment NAME` it has fewer to sort."
    )


def test_an_empty_experiment_says_how_to_log_a_run(server: Tracking) -> None:
    name = accounts.generated()
    server.ask("/experiments/create", {"name": name})
    wish = Wish(experiment=name, sort="rmse")
    assert table(runs_command.show, runs.find(server, wish), wish) == [
        f"The experiment '{name}' holds no runs yet: `mlflow-ops train` logs one."
    ]


def test_a_model_is_shown_by_its_newest_version_with_its_runs_metrics(server: Tracking) -> None:
    found = {model.name: model for model in models.find(server)}
    wine, empty = found["Wine"], found["Empty"]
    assert (wine.version, wine.aliases, wine.stage) == ("2", {"champion": "1"}, "")
    assert wine.metrics == {"rmse": 0.1}  # though its run has been deleted
    assert (empty.version, empty.run_id, empty.made) == (None, "", None)
    heading, first, second = table(models_command.show, [wine, empty])
    assert heading.split() == ["name", "version", "aliases", "age", "rmse", "run"]
    assert first.split() == ["Wine", "2", "champion:", "1", "now", "0.1", wine.run_id]
    assert second.split() == ["Empty", "-", "-", "-", "-", "-"]
    assert json.loads(json.dumps(empty.document))["version"] is None
