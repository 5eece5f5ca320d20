"""Prices: a dated table that is shipped, and AWS's own list read to the letter."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mlflow_ops import prices
from mlflow_ops.costs.telling import amount
from mlflow_ops.prices.questions import Question


def test_the_shipped_table_has_its_region_and_its_month_in_every_sentence() -> None:
    assert re.fullmatch(r"us-east-1 prices of 20\d\d-\d\d", prices.AS_OF)
    assert prices.shipped("us-east-1").source == prices.AS_OF


def test_a_region_without_prices_of_its_own_is_not_given_others_as_its_own() -> None:
    assert prices.shipped("eu-central-1").source == f"{prices.AS_OF}, not eu-central-1's own"
    assert not prices.shipped("eu-central-1").listed


def test_prices_are_by_the_hour_whatever_they_are_listed_by() -> None:
    table = prices.shipped("us-east-1")
    assert table.instance("t3.micro") == 0.0104
    assert table.disk("gp3", 8) == pytest.approx(8 * 0.08 / 30.4 / 24)
    assert table.storage(100) == pytest.approx(100 * 0.023 / 30.4 / 24)
    assert (table.instance("x9.huge"), table.disk("io2", 8)) == (None, None)
    assert prices.month(1.0) == pytest.approx(729.6)
    assert prices.month(None) is None


def test_a_plan_names_what_each_step_will_cost_a_month() -> None:
    table = prices.shipped("us-east-1")

    def planned(**how: bool) -> dict[str, float]:
        found: dict[str, float] = {}
        for each in prices.planned(table, "t3.micro", 8, **how):
            found[each.step] = found.get(each.step, 0.0) + (each.usd_month or 0.0)
        return found

    hidden = planned(public=False, elastic=False)
    assert hidden == {"bucket": 0.0, "instance": pytest.approx(0.0104 * 729.6 + 0.64)}
    public = planned(public=True, elastic=False)
    assert public["instance"] == pytest.approx(0.0154 * 729.6 + 0.64)
    elastic = planned(public=True, elastic=True)
    assert elastic == {**hidden, "elastic_ip": pytest.approx(0.005 * 729.6)}
    unknown = prices.planned(table, "x9.huge", 8, public=True, elastic=False)
    assert [each.usd_month for each in unknown].count(None) == 1


def test_what_costs_something_never_looks_like_nothing() -> None:
    assert [amount(usd) for usd in (0.0, 0.004, 0.01, 1.005, None)] == [
        *("0.00", "<0.01", "0.01", "1.00", "?")
    ]
    assert amount(0.00002, 4) == "<0.0001"


@pytest.mark.parametrize(
    ("usage", "costs"),
    [
        ("BoxUsage:t3.micro", [0.5]),
        ("EUC1-BoxUsage:t3.micro", [0.5]),
        ("EU-BoxUsage:t3.micro", [0.5]),
        ("EUC1-UnusedBox:t3.micro", []),
        ("EUC1-BoxUsage:t3.micro.extra", []),
        ("Tables-BoxUsage:t3.micro", []),
        ("", []),
    ],
)
def test_a_product_is_known_by_its_usage_type_in_any_region(usage: str, costs: list[float]) -> None:
    asked = Question("instance", "AmazonEC2", "BoxUsage:t3.micro", {})
    tiers = [("0", "0.5"), ("51200", "0.4")]
    dimensions = {
        begin: {"beginRange": begin, "pricePerUnit": {"USD": usd}} for begin, usd in tiers
    }
    dimensions["free"] = {"beginRange": "0", "pricePerUnit": {"USD": "0.0000000000"}}
    dimensions["yuan"] = {"beginRange": "0", "pricePerUnit": {"CNY": "3.5"}}
    product = {
        "product": {"attributes": {"usagetype": usage}},
        "terms": {"OnDemand": {"a": {"priceDimensions": dimensions}}, "Reserved": {}},
    }
    assert asked.prices(product) == costs


def test_prices_of_a_list_say_whose_and_of_which_day_they_are() -> None:
    listed = replace(prices.shipped("us-east-1"), listed=True, as_of="2026-11-24")
    assert listed.source == "AWS's prices for us-east-1 of 2026-11-24"
