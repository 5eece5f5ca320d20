"""The server as its clients see it: through its public URL, never through /health."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from mlflow_ops.errors import NotReady

API = "/api/2.0/mlflow"
PAGE = 1000


@dataclass(frozen=True)
class Tracking:
    """A tracking server, by its URI; deadlines are seconds for one answer."""

    uri: str
    deadline: float = 5.0

    def ask(self, path: str, question: dict[str, Any]) -> dict[str, Any]:
        """Return the API's answer to a POST; raise NotReady when it gives none."""
        return self._send(
            urllib.request.Request(  # noqa: S310 - the URI is one of ours, http or https
                f"{self.uri}{API}{path}",
                data=json.dumps(question).encode(),
                headers={"Content-Type": "application/json"},
            )
        )

    def _send(self, request: urllib.request.Request) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(request, timeout=self.deadline) as answer:  # noqa: S310 - as above
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read(200).decode("utf-8", "replace").strip()
            raise NotReady(f"The server at {self.uri} answers {error.code}: {said}") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise NotReady(f"The server at {self.uri} does not answer ({reason}).") from error
        return found

    def look(self) -> None:
        """Raise NotReady unless a client of this machine gets an answer from the API."""
        self.ask("/experiments/search", {"max_results": 1})

    def artifact_root(self) -> str:
        """Return where the Default experiment's artifacts go: `mlflow-artifacts:/…` or `s3://…`."""
        request = urllib.request.Request(f"{self.uri}{API}/experiments/get?experiment_id=0")  # noqa: S310 - as above
        return str(self._send(request)["experiment"]["artifact_location"])

    def count(self) -> tuple[int, int]:
        """Return how many runs and registered models the server holds, deleted ones too."""
        experiments = self._all("/experiments/search", "experiments", {"view_type": "ALL"})
        ids = [experiment["experiment_id"] for experiment in experiments]
        question = {"experiment_ids": ids, "run_view_type": "ALL"}
        runs = len(self._all("/runs/search", "runs", question)) if ids else 0
        return runs, self._models()

    def _models(self) -> int:
        path = f"{self.uri}{API}/registered-models/search?max_results={PAGE}"
        answer = self._send(urllib.request.Request(path))  # noqa: S310 - as above
        return len(answer.get("registered_models", []))

    def _all(self, path: str, key: str, question: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            page = {"page_token": token} if token else {}
            answer = self.ask(path, {**question, **page, "max_results": PAGE})
            found += answer.get(key, [])
            token = answer.get("next_page_token", "")
            if not token:
                return found
