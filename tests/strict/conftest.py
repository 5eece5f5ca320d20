"""Clients that the strict cloud takes for the product's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from cloud import account

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client


@pytest.fixture(scope="module")
def clients() -> dict[tuple[Any, ...], Any]:
    """Hold the clients of a module: each takes longer to make than a test to run."""
    return {}


@pytest.fixture
def ours(cloud: StrictCloud, clients: dict[tuple[Any, ...], Any]) -> Client:
    """Make clients that sign and speak as the product does, but try each call once."""

    def make(service: Any, region: str = "us-east-1", key: tuple[str, str] = account.KEY) -> Any:  # noqa: ANN401 - any of boto3's clients
        if found := clients.get((service, region, key)):
            return found
        config = Config(
            region_name=region,
            user_agent_extra="mlflow-ops/0",
            retries={"mode": "standard", "total_max_attempts": 1},
            s3={"addressing_style": "path"},
        )
        session = cloud.session if key == account.KEY else boto3.Session(*key)
        client = session.client(service, endpoint_url=cloud.endpoint, config=config)
        return clients.setdefault((service, region, key), client)

    return make
