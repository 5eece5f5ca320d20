"""A server on a real machine that has a role, and no key: its hardened unit gets at the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import metadata
from .operator import UP, working

if TYPE_CHECKING:
    from pathlib import Path

    from . import kinds

ROLE = "mlflow-ops-mlflow-us-east-1"
SECRETS = "find / -xdev -name credentials -path '*/.aws/*'"


def test_a_run_with_an_artifact_works_while_no_key_lies_on_the_host(
    machine_kind: kinds.Kind, tmp_path: Path
) -> None:
    with working(machine_kind, tmp_path) as operator:
        made = operator(*UP, "--credentials", "role")
        assert made.code == 0, made.err
        metadata.serve_in(operator, ROLE)
        ran = operator("train", "--data", "sample")
        assert ran.code == 0, ran.err
        s3 = operator.cloud.strict.client("s3")
        [bucket] = [each["Name"] for each in s3.list_buckets()["Buckets"]]
        stored = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        assert any(key.endswith("MLmodel") for key in stored), stored
        assert operator.machine.run(SECRETS) == ""
        ended = operator("down", "--yes", "--json")
        assert (ended.code, ended.document["left"]) == (0, []), ended.err
