"""Ask before the journey on a real AWS account: whose it is, what it costs, and what it touches.

    python ask.py

Ends with 0 on a yes alone.
"""

from __future__ import annotations

import sys

import boto3
from journey import place

from mlflow_ops import plan, prices
from mlflow_ops.ec2.launches import DISK_GIB
from mlflow_ops.prices.table import SHIPPED_REGION

TYPE = "t3.micro"


def main() -> int:
    """Say it, ask, and return the exit code."""
    session = boto3.Session()
    region = session.region_name or "us-east-1"
    caller = session.client("sts", region_name=region).get_caller_identity()
    table = prices.shipped(SHIPPED_REGION)
    parts = prices.planned(table, TYPE, DISK_GIB, public=True, elastic=False)
    hourly = (plan.total(parts) or 0) / prices.DAYS / prices.HOURS
    print(  # noqa: T201 - a question on the terminal
        "The whole journey (up, train, check, down) on a real AWS account:\n"
        f"  account  {caller['Account']}, {region}, as {caller['Arn']}\n"
        f"  cost     {hourly:.3f} USD an hour ({TYPE}; {prices.AS_OF}), for about 15 minutes\n"
        f"  removes  all that carries the tag of the stack {place.NAME!r}, before and after"
    )
    try:
        said = input("Go on? [y/N] ")
    except EOFError:
        said = ""
    return 0 if said.strip().lower() in {"y", "yes"} else 1


if __name__ == "__main__":
    sys.exit(main())
