"""What `runs` and `models` make of the API's words, whatever they are."""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_ops.cli import runs as runs_command
from mlflow_ops.cli.paper import Paper
from mlflow_ops.cli.show import Screen
from mlflow_ops.holdings import better, columns, models, order, reading, runs
from mlflow_ops.holdings.run import Run
from mlflow_ops.holdings.runs import Wish
from mlflow_ops.reach import paging

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@dataclass
class Server:
    """Answers with these things, page by page, and keeps what it was asked."""

    things: list[dict[str, Any]]
    key: str = "runs"
    asked: list[Any] = field(default_factory=list)

    def ask(self, path: str, question: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((path, question))
        if path == "/experiments/search":
            return {"experiments": [{"experiment_id": "0", "name": "Default"}]}
        return self._page(int(question.get("page_token", "0")), question["max_results"])

    def get(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        token = path.partition("page_token=")[2]
        return self._page(int(token or "0"), paging.PAGE)

    def _page(self, start: int, most: int) -> dict[str, Any]:
        end = start + most
        more = {"next_page_token": str(end)} if end < len(self.things) else {}
        return {self.key: self.things[start:end], **more}


def server(*things: dict[str, Any], key: str = "runs") -> Any:  # noqa: ANN401 - the double has what is called of one
    return Server(list(things), key)


def test_all_pages_are_read_or_as_many_as_it_takes() -> None:
    things = [{"key": str(number)} for number in range(2 * paging.PAGE + 1)]
    every = server(*things)
    assert paging.posted(every, "/x", "runs", {}) == things
    assert paging.listed(every, "/x", "runs") == things
    few = server(*things)
    assert paging.posted(few, "/x", "runs", {}, paging.PAGE + 5) == things[: paging.PAGE + 5]
    assert [question["max_results"] for _, question in few.asked] == [paging.PAGE, 5]


@pytest.mark.parametrize(
    ("asked", "kind", "ascending"),
    [
        ("start", "start", False),
        ("rmse", "metrics", True),
        ("val_loss", "metrics", True),
        ("Mean Squared Error", "metrics", True),
        ("best_mae", "metrics", True),
        ("r2", "metrics", False),
        ("lossless", "metrics", False),
        ("metrics.start", "metrics", False),
        ("params.alpha", "params", True),
    ],
)
def test_the_better_comes_first_where_the_name_tells(
    asked: str,
    kind: str,
    ascending: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    first = order.possible(asked, ascending=None)[0]
    assert (first.kind, first.ascending) == (kind, ascending)
    assert order.possible(asked, ascending=True)[0].ascending
    assert not order.possible(asked, ascending=False)[0].ascending


def test_the_way_is_said_and_only_what_is_best_is_called_so() -> None:
    said = [
        str(order.possible(name, ascending=ascending)[0])
        for name, ascending in (
            *(("start", None), ("r2", None), ("r2", True), ("params.a", None)),
            *(("ms", None), ("ms", True)),
        )
    ]
    assert said == [
        "by start, the newest first",
        "by r2, the highest first, which is best",
        "by r2, the lowest first",
        "by a, as text, in ascending order",
        "by ms, the highest first (--ascending: the lowest)",
        "by ms, the lowest first",
    ]


@pytest.mark.parametrize(
    ("less", "names"),
    [
        (True, "val_loss valLoss MSELoss validation-logloss train-mlogloss eval-merror nll kl l1"),
        (True, "valid_0-l2 MeanAbsoluteError fpr aic bic hinge huber brier_score accuracy_loss"),
        (True, "negative_log_likelihood neg_r2 Mean_Squared_Errors davies_bouldin_score RMSE"),
        (False, "neg_mean_squared_error val_neg_log_loss accuracy val_AUC f1Score R2 test_score"),
        (False, "mean_average_precision mAP log_likelihood recall_at_5"),
        (None, "latency_ms train_time epoch lossless L1-ratio system/cpu_utilization_percentage"),
        (None, "neg true_negative_rate"),
    ],
)
def test_the_name_tells_whether_less_is_better_or_it_is_not_said(
    less: bool | None,  # noqa: FBT001 - a parameter of the test
    names: str,
) -> None:
    assert {name: better.less(name) for name in names.split()} == dict.fromkeys(names.split(), less)


def test_a_parameter_is_asked_for_when_no_run_has_such_a_metric() -> None:
    held = server({"data": {"params": [{"key": "depth", "value": "3"}]}})
    found = runs.find(held, Wish(sort="depth"))
    assert found.order == order.Order("params", "depth", ascending=True)
    clauses = [asked["order_by"][0] for path, asked in held.asked if path == "/runs/search"]
    assert clauses == ["metrics.`depth` DESC", "params.`depth` ASC"]


def test_columns_are_what_many_rows_have_and_differ_in() -> None:
    rows = [{"a": "1", "same": "x", "b": "2"}, {"a": "2", "same": "x"}, {"a": "3", "same": "x"}]
    assert columns.params(rows) == ["a"]
    assert columns.params(rows, "same") == ["same", "a"]
    assert columns.params(rows[:1]) == ["a", "same", "b"]
    assert columns.params([]) == columns.metrics([], "rmse") == []
    numbers = [*([{"x": 1.0, "system/cpu": 2.0}] * 7), {"rare": 1.0}]
    assert columns.metrics(numbers) == ["x"]
    assert columns.metrics(numbers, "rare") == ["rare", "x"]
    sweep = [{"rmse": 1.0, "r2": 1.0}, {"rmse": 2.0, "r2": 2.0}, {"best_rmse": 1.0}]
    assert columns.metrics(sweep) == ["rmse", "r2"]
    many = [dict.fromkeys("abcdefg", 1.0)]
    assert columns.metrics(many, "g") == ["g", "a", "b", "c"]


def shown(wish: Wish, width: int, *found: Run, more: bool) -> list[str]:
    """Return the lines that `runs` shows on a terminal so wide."""
    screen, file = Screen(), io.StringIO()
    screen.console = Paper(file=file, width=width, force_terminal=True, color_system=None)
    order_of_them = order.possible(wish.sort, ascending=None)[0]
    runs_command.show(screen, runs.Runs([*found], order_of_them, more), wish)
    return file.getvalue().splitlines()


def run(name: str, params: dict[str, str], metrics: dict[str, float]) -> Run:
    now = datetime(2026, 11, 24, tzinfo=timezone.utc)
    return Run("4b4fbd97" * 4, name, "Default", "finished", "ada", now, now, params, metrics)


def test_on_a_narrow_terminal_a_parameter_outlives_the_third_metric() -> None:
    metrics = {"rmse": 0.6313, "mae": 0.51, "r2": 0.36, "mape": 0.25}
    children = [run(f"alpha {n}, l1_ratio 0.5", {"alpha": f"{n}"}, metrics) for n in (0.1, 0.5)]
    parent = run("sweep of 2", {}, {"best_rmse": 0.6313})
    heading, *_ = shown(Wish(sort="rmse"), 82, *children, parent, more=False)
    words = ("start", "(UTC)", "name", "status", "user", "alpha", "rmse", "mae", "run")
    assert heading.split() == [*words]


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (10, "; -n 50 shows more of them."),
        (5000, "; -n 10000 shows more of them."),
        (10_000, "; there are more than 10000: --experiment or --parent chooses."),
    ],
)
def test_how_to_see_more_is_said_while_more_can_be_shown(most: int, said: str) -> None:
    *_, last = shown(Wish(most=most), 200, run("a", {}, {}), more=True)
    assert last == f"Sorted by start, the newest first{said}"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, None),
        (0.7931640229276851, "0.7932"),
        (1599.0, "1599"),
        (-0.003683786, "-0.003684"),
        (1e-9, "1e-09"),
        (123456.75, "123456.8"),
        (1.7976931348623157e308, "1.797693e+308"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_a_number_is_shown_in_few_digits(value: float | None, said: str | None) -> None:
    assert columns.figure(value) == said


@given(JSON)
def test_whatever_the_times_and_numbers_are_the_document_is_json(said: Any) -> None:  # noqa: ANN401 - any JSON
    assert reading.moment(said) is None or str(reading.moment(said)).endswith("+00:00")
    info = {"start_time": said, "end_time": said, "run_name": said, "status": said, "user_id": said}
    pair = [{"key": said, "value": said}]
    held = server({"info": info, "data": {"metrics": pair, "params": pair, "tags": pair}})
    found = runs.find(held, Wish())
    json.dumps(found.document, allow_nan=False)
    version = {"version": said, "creation_timestamp": said, "current_stage": said}
    model = {"name": said, "latest_versions": [version], "aliases": [{"alias": said}]}
    [shown] = models.find(server(model, key="registered_models"))
    json.dumps(shown.document, allow_nan=False)


def test_the_newest_version_is_the_highest_whatever_its_stage() -> None:
    versions = [
        {"version": "9", "current_stage": "None"},
        {"version": "10", "current_stage": "Production"},
        {"version": "2", "current_stage": "Staging"},
    ]
    held = server({"name": "wine", "latest_versions": versions}, key="registered_models")
    [model] = models.find(held)
    assert (model.version, model.stage) == ("10", "Production")
