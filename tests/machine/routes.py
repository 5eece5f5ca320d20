"""Every route of the server, as the MLflow that is installed on the machine lists them."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .kinds import Machine

# The app of both frameworks, made as the server makes it, on a database of its own.
LIST = """\
import json
from mlflow.server import app as inner
from mlflow.server.auth import create_app

outer, found = create_app(inner), []
for route in outer.routes:
    for one in getattr(route, "effective_route_contexts", lambda: [route])():
        found += [(method, one.path) for method in getattr(one, "methods", None) or ()]
for rule in inner.url_map.iter_rules():
    found += [(method, rule.rule) for method in rule.methods]
print(json.dumps(sorted(set(found))))
"""
ENVIRONMENT = {
    "_MLFLOW_SGI_NAME": "uvicorn",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "only for a list",
    "MLFLOW_AUTH_ADMIN_PASSWORD": "only for a list",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
PLACEHOLDER = re.compile(r"<[^>]*>|\{[^}]*\}")

Route = tuple[str, str]


def of(machine: Machine) -> list[Route]:
    """Return the method and the path of each route, something in place of what varies in it."""
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in ENVIRONMENT.items())
    python = f"env {given} /home/ubuntu/mlflow/.venv/bin/python -c {shlex.quote(LIST)}"
    printed = machine.run(f"cd $(mktemp -d) && {python} 2>/dev/null", deadline=60)
    return [(method, PLACEHOLDER.sub("1", path)) for method, path in json.loads(printed)]
