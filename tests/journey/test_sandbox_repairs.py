"""What becomes of a sandbox stack when something of it is changed, stopped, deleted or dead."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import psutil
from journey.conftest import document

if TYPE_CHECKING:
    from conftest import Cli


def home() -> Path:
    """Return where our local files are."""
    return Path(os.environ["MLFLOW_OPS_HOME"])


def client(service: str) -> Any:  # noqa: ANN401 - one of boto3's clients
    """Return a client of the sandbox's API, as its own profile gives it."""
    folder = home() / "sandbox" / "mlflow" / "aws"
    os.environ |= {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
    }
    os.environ.pop("AWS_ENDPOINT_URL", None)
    name: Any = service
    return boto3.Session(profile_name="mlflow-ops-mlflow-us-east-1").client(name)


def test_up_mends_what_was_stopped_or_deleted_by_hand(sandboxed: Cli) -> None:
    made = document(sandboxed("up", "--yes", "--json"))
    ids = {step["step"]: step["id"] for step in made["steps"]}
    ec2 = client("ec2")
    ec2.stop_instances(InstanceIds=[ids["instance"]])
    ec2.delete_key_pair(KeyName="mlflow-ops-mlflow-us-east-1")
    stopped = sandboxed("status", "--json")
    assert (stopped.code, document(stopped)["state"]) == (3, "stopped")
    again = sandboxed("up", "--yes", "--json")
    assert again.code == 0, again.err
    assert {s["step"]: s["id"] for s in document(again)["steps"]}["instance"] == ids["instance"]
    assert sandboxed("up", "--yes").code == 0
    assert sandboxed("check").code == 0


def local_files() -> Path:
    """Return where the stack's own files are."""
    [folder] = (home() / "sandbox" / "mlflow" / "stack").iterdir()
    return folder


def test_up_gives_the_host_a_new_key_when_ours_is_lost_or_damaged(sandboxed: Cli) -> None:
    made = document(sandboxed("up", "--yes", "--json"))
    shutil.rmtree(home() / "sandbox" / "mlflow" / "stack")
    lost = document(sandboxed("status", "--json"))
    assert lost["state"] == "ready"
    again = sandboxed("up", "--yes", "--json")
    assert again.code == 0, again.err
    assert document(again)["steps"][6] == made["steps"][6]
    (local_files() / "id_ed25519").write_text("damaged")
    mended = sandboxed("up", "--yes")
    assert mended.code == 0, mended.err
    assert document(sandboxed("status", "--json"))["steps"][7]["state"] == "ready"


def test_no_damaged_file_of_ours_stops_status_or_down(sandboxed: Cli) -> None:
    assert sandboxed("up", "--yes").code == 0
    names = {"accessKeys.csv", "id_ed25519", "journal.jsonl", "known_hosts", "lock"}
    for name in names:
        (local_files() / name).write_bytes(b'\xff\xfe\x00\n{"step": 1}\n5\nnull\n[]\n{')
    assert document(sandboxed("status", "--json"))["state"] == "ready"
    ended = sandboxed("down", "--yes")
    assert ended.code == 0, ended.err
    assert not home().exists()


def test_up_makes_the_stack_what_its_options_say_and_ready_means_the_new_server(
    sandboxed: Cli,
) -> None:
    taught = sandboxed("up", "--yes", "--json", "--as-taught")
    assert taught.code == 0, taught.err
    iam, name = client("iam"), "mlflow-ops-mlflow-us-east-1"
    attached = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AdministratorAccess"]
    direct = sandboxed("up", "--yes", "--json", "--artifacts", "direct")
    assert direct.code == 0, direct.err
    assert iam.list_attached_user_policies(UserName=name)["AttachedPolicies"] == []
    assert sandboxed("check").code == 0
    assert sandboxed("status").code == 0


def test_a_standing_instance_is_not_silently_another_than_asked_for(sandboxed: Cli) -> None:
    assert sandboxed("up", "--yes").code == 0
    other = sandboxed("up", "--yes", "--instance-type", "t3.large")
    assert other.code == 2
    assert "t3.micro" in other.err
    assert "t3.large" in other.err


def test_down_asks_before_it_removes_what_a_dead_sandbox_has_left(sandboxed: Cli) -> None:
    assert sandboxed("up", "--yes").code == 0
    cloud = home() / "sandbox" / "mlflow" / "cloud"
    psutil.Process(json.loads((cloud / "sandbox.json").read_text())["pid"]).kill()
    (cloud.parent / "thesis.txt").write_text("the user's own")
    shown = sandboxed("down", "--dry-run", "--json")
    assert document(shown) == {"would_destroy": [str(cloud)]}
    assert (cloud / "host" / "mlflow" / "data" / "mlflow.db").exists()
    unasked = sandboxed("down")
    assert (unasked.code, "--yes" in unasked.err) == (2, True)
    assert (cloud / "host" / "mlflow" / "data" / "mlflow.db").exists()
    assert sandboxed("down", "--yes").code == 0
    assert [path.name for path in cloud.parent.iterdir()] == ["thesis.txt"]


def test_no_folder_that_is_not_ours_is_removed(sandboxed: Cli, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    given = {"MLFLOW_OPS_HOME": str(project / "ops")}
    assert sandboxed("down", "--yes", **given).code == 0
    assert sandboxed("up", "--dry-run", **given).code == 0
    assert project.exists()
    assert not (project / "ops").exists()


def test_a_kept_bucket_is_said_and_found_again(sandboxed: Cli) -> None:
    assert sandboxed("up", "--yes").code == 0
    assert sandboxed("train", "--data", "sample").code == 0
    kept = sandboxed("down", "--yes", "--keep-data", "--json")
    assert (kept.code, document(kept)["left"]) == (0, []), kept.err
    assert document(kept)["kept"] == ["mlflow-ops-mlflow-123456789012-us-east-1-an"]
    lost = sandboxed("down", "--dry-run")
    assert "10 objects" in lost.out
    [left] = document(sandboxed("audit", "--json"))["stacks"]
    assert left["state"] == "kept"
    assert sandboxed("up", "--yes").code == 0
    [again] = document(sandboxed("audit", "--json"))["stacks"]
    assert again["state"] == "live"


def test_with_json_every_way_to_fail_is_one_document(sandboxed: Cli) -> None:
    for words in (("up",), ("train", "--alpha", "abc"), ("train", "--no-such-option")):
        failed = sandboxed(*words, "--json")
        assert failed.code == 2
        assert document(failed)["error"]
