"""Time that passes quickly for a run: its clock, its AWS clients, and AWS's own clock."""

from __future__ import annotations

import functools
import os
import time
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import boto3
from botocore.retries import standard

from mlflow_ops import aws

LONGEST = 0.005


class Hurried:
    """A clock whose pauses take 5 ms at most, and are over by the time it shows."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> float:
        """Return the time, in seconds."""
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        real = min(seconds, LONGEST)
        time.sleep(real)
        self._skipped += seconds - real


class Ready(aws.Aws):
    """The clients of one run, made before it began, whose retries come at once."""

    uses_tls = True  # as AWS, which the strict cloud plays, always does

    def _client(self, service: str, region: str | None = None) -> Any:  # noqa: ANN401 - as in Aws
        return client(service, region or self.region, self.endpoint or "")


@functools.cache
def session() -> boto3.Session:
    """Return the one session."""
    return boto3.Session("testing", "testing")


@functools.cache
def client(service: str, region: str, endpoint: str) -> Any:  # noqa: ANN401 - any client
    """Return a service's client as the product makes it, made once."""
    made = aws.Aws(session(), region, endpoint)._client(service)  # noqa: SLF001 - it knows the settings
    hurry(made)
    return made


def hurry(client: Any) -> None:  # noqa: ANN401 - any client
    """Cut the pauses between botocore's own retries, and leave the retries as they are."""
    service = client.meta.service_model.service_id.hyphenize()
    attempts = client.meta.config.retries["total_max_attempts"]
    handler = standard.register_retry_handler(client, attempts)
    events, event = client.meta.events, f"needs-retry.{service}"
    events.unregister(event, unique_id=f"retry-config-{service}")

    def pause(**asked: Any) -> float | None:  # noqa: ANN401 - botocore's own arguments
        seconds: float | None = handler.needs_retry(**asked)
        return seconds and min(seconds, LONGEST)

    events.register(event, pause)
    events.register("after-call", be_ahead)


def be_ahead(parsed: dict[str, Any], **_: object) -> None:
    """Let AWS's clock be AHEAD by so many seconds as the environment says."""
    headers = parsed["ResponseMetadata"]["HTTPHeaders"]
    if ahead := os.environ.get("AHEAD"):
        moment = parsedate_to_datetime(headers["date"]) + timedelta(seconds=float(ahead))
        headers["date"] = format_datetime(moment, usegmt=True)
