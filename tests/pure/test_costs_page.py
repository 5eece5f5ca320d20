"""The page about costs, held against the prices that the commands show."""

from __future__ import annotations

from pathlib import Path

from mlflow_ops import prices
from mlflow_ops.costs import bucket

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "costs.md").read_text("utf-8")
TABLE = prices.shipped("us-east-1")
MONTH = prices.HOURS * prices.DAYS
GIB = 8


def hourly(instance_type: str) -> float:
    found = TABLE.instance(instance_type)
    assert found is not None
    return found


DISK = TABLE.disk("gp3", GIB) or 0.0
ADDRESS = TABLE.address_hour
WORKED = 8 * 22 / MONTH
PARTS = {
    "machine, t3.micro": hourly("t3.micro"),
    "its disk, 8 GB gp3": DISK,
    "its public IPv4 address": ADDRESS,
    "requests of the continuous backup": bucket.BACKUP_HOUR * TABLE.put,
    "each GB in the bucket": TABLE.storage(1),
}
USES = {
    "it stands all the time": hourly("t3.micro") + DISK + ADDRESS,
    "stopped: `stop`, or the end of `--ttl` or `--idle-stop`": DISK,
    "stopped, with `--elastic-ip`": DISK + ADDRESS,
    "8 hours on 22 days, stopped in between": DISK + (hourly("t3.micro") + ADDRESS) * WORKED,
    "the same with `--elastic-ip`": DISK + ADDRESS + hourly("t3.micro") * WORKED,
    "`--address private`": hourly("t3.micro") + DISK,
    "the tutorial's t2.micro (`--as-taught`)": hourly("t2.micro") + DISK + ADDRESS,
    "`down --keep-data`: a bucket of 10 GB": TABLE.storage(10),
    "`down`": 0.0,
}


def rows(head: str) -> dict[str, list[str]]:
    """Return the cells of the table's rows by the first of them."""
    lines = PAGE[PAGE.index(head) :].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: rest for first, *rest in cells}


def test_each_part_costs_what_the_price_table_says() -> None:
    told = {
        name: [f"{usd:.4f}", f"{usd * prices.HOURS:.2f}", f"{usd * MONTH:.2f}"]
        for name, usd in PARTS.items()
    }
    assert rows("| part | an hour") == told


def test_each_way_of_using_it_costs_what_its_parts_do() -> None:
    found = rows("| | a day | a month |")
    assert list(found) == list(USES)
    for name, usd in USES.items():
        assert found[name] in (
            [f"{usd * prices.HOURS:.2f}", f"{usd * MONTH:.2f}"],
            ["", f"{usd * MONTH:.2f}"],
        ), name


def test_the_page_says_of_when_its_prices_are_and_what_a_gb_costs() -> None:
    assert TABLE.source in PAGE
    assert f"{TABLE.storage_gib_month} USD a GB and month" in PAGE
