"""AWS's own models, as botocore has them: which services there are, and which call a path means."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ServiceModel

if TYPE_CHECKING:
    from collections.abc import Mapping

LOADER = Loader()
# The names that requests are signed for, where they differ from botocore's.
SIGNED = {"tagging": "resourcegroupstaggingapi", "servicequotas": "service-quotas"}
LABELS = ("Bucket", "Key")


@cache
def service(name: str) -> ServiceModel | None:
    """Return the model of a service, by botocore's name; None when there is no such service."""
    try:
        return ServiceModel(LOADER.load_service_model(name, "service-2"), name)
    except UnknownServiceError:
        return None


@cache
def operation(service_name: str, name: str) -> Any:  # noqa: ANN401 - botocore's OperationModel, which has no stubs
    """Return the model of an operation; None when the service has none of this name."""
    found = service(service_name)
    return found.operation_model(name) if found and name in found.operation_names else None


class Route(NamedTuple):
    """What a request to S3 has to look like to mean an operation."""

    name: str
    method: str
    depth: int
    queries: Mapping[str, str]
    headers: tuple[str, ...]

    def fits(self, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        """Whether a request of its method and depth has what it takes."""
        there = all(
            key in query and value in {"", query[key]} for key, value in self.queries.items()
        )
        return there and all(name in headers for name in self.headers)


@cache
def literals(operation_name: str) -> frozenset[str]:
    """Return the query words that are part of an operation's address, such as `?versions`."""
    query = operation("s3", operation_name).http["requestUri"].partition("?")[2]
    return frozenset(dict(parse_qsl(query, keep_blank_values=True)))


def s3_operation(
    method: str, depth: int, query: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    """Return the operation of S3 that a request means; the one with the most conditions wins."""
    fitting = [r for r in _routes().get((method, depth), ()) if r.fits(query, headers)]
    best = max(fitting, key=lambda r: len(r.queries) + len(r.headers), default=None)
    return best.name if best else ""


@cache
def _routes() -> dict[tuple[str, int], list[Route]]:
    model = service("s3")
    assert model
    found: dict[tuple[str, int], list[Route]] = {}
    # Of two names for one thing the deprecated one is not used: GetBucketLifecycle.
    for name in sorted(model.operation_names, key=lambda n: operation("s3", n).deprecated):
        route = _route(name)
        found.setdefault((route.method, route.depth), []).append(route)
    return found


def _route(name: str) -> Route:
    model = operation("s3", name)
    path, _, query = model.http["requestUri"].partition("?")
    shape = model.input_shape
    members = (
        [shape.members[each].serialization for each in shape.required_members] if shape else []
    )
    required = {m["name"]: "" for m in members if m.get("location") == "querystring"}
    headers = tuple(m["name"].lower() for m in members if m.get("location") == "header")
    literal = dict(parse_qsl(query, keep_blank_values=True))
    depth = len([part for part in path.split("/") if part])
    return Route(name, model.http["method"], depth, required | literal, headers)
