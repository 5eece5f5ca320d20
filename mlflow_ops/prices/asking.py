"""AWS's price list, asked for what a stack is made of; whatever keeps it silent, the table stays.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlflow_ops.at_once import at_once
from mlflow_ops.iam.scopes import ACCOUNT
from mlflow_ops.prices import keeping
from mlflow_ops.prices.questions import SURE, Kinds, NotListed, Question, questions
from mlflow_ops.prices.table import Prices
from mlflow_ops.refusals import FAILURES, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_pricing import PricingClient

    from mlflow_ops.stack import Stack

ALLOWS = ACCOUNT.allow("pricing", "GetProducts")
WORKERS = 6


def asked(stack: Stack, kinds: Kinds) -> Prices:
    """Return today's prices of the stack's region: those kept of today, or AWS's own list.

    Never fails: where AWS does not say, these are those that are kept or shipped, with a remark
    that says why. A kind that AWS does not list has no price. The sandbox has no list to ask.
    """
    kinds = replace(kinds, disks=kinds.disks | {"gp3"})
    kept = keeping.known(stack)
    if stack.target.is_sandbox or (kept.listed and kinds.are_in(kept)):
        return kept
    try:
        found = _listed(stack, kinds)
    except FAILURES as error:
        return _instead(kept, words(error))
    except NotListed as error:
        return _instead(kept, f"{error}.")
    except (AttributeError, KeyError, TypeError, ValueError):
        return _instead(kept, "it has another form than AWS's documents say.")
    return keeping.keep(stack, found)


def _instead(kept: Prices, why: str) -> Prices:
    return replace(kept, remark=f"AWS's price list was not to be had: {why}")


def _listed(stack: Stack, kinds: Kinds) -> Prices:
    """Return what AWS's list says today; raise NotListed where it lacks what every region sells."""
    region, pricing = stack.names.region, stack.aws.pricing
    # It tells beside what else we show: one that is silent is not asked eight times.
    events: Any = pricing.meta.events
    events.register("needs-retry.pricing.GetProducts", _never, unique_id="mlflow-ops")
    every = questions(kinds)
    answers = dict(at_once(lambda each: _answer(pricing, region, each), every, WORKERS))
    needed: dict[str, Any] = {name: usd for name in SURE if (usd := answers[name]) is not None}
    if lacking := [name for name in SURE if name not in needed]:
        raise NotListed(f"it does not say what {', '.join(lacking)} costs in {region}")

    def told(what: str, names: Iterable[str]) -> dict[str, float]:
        prices = {name: answers[f"{what} {name}"] for name in names}
        return {name: usd for name, usd in prices.items() if usd is not None}

    return Prices(
        region,
        keeping.today(stack),
        instance_hour=told("machine", kinds.machines),
        disk_gib_month=told("disk", kinds.disks),
        snapshot_gib_month=told("snapshot", kinds.snapshots),
        **needed,
        listed=True,
    )


def _answer(pricing: PricingClient, region: str, asked: Question) -> tuple[str, float | None]:
    """Return a question's name, and the one price that answers it; None where there is none."""
    terms = {"regionCode": region, **asked.terms}
    ask: Any = [{"Type": "TERM_MATCH", "Field": each, "Value": terms[each]} for each in terms]
    pages = pricing.get_paginator("get_products").paginate(ServiceCode=asked.service, Filters=ask)
    products = (json.loads(each) for page in pages for each in page["PriceList"])
    found = {price for product in products for price in asked.prices(product)}
    if len(found) > 1:
        raise NotListed(f"it has {len(found)} prices of {asked.what}")
    return asked.what, next(iter(found), None)


def _never(**_: object) -> bool:
    """Tell botocore not to ask again."""
    return False
