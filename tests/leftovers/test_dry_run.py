"""What `up --dry-run` tells is what `up` then does, and telling it does nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from cloud import by_hand_in_iam as in_iam
from cloud.plans import as_it_came, done_on, heard, planned
from cloud.sshd import OTHER

from mlflow_ops.backup import keeping
from mlflow_ops.rehearsing.settings import GROUP, HOST_KEY
from mlflow_ops.server import caddy

if TYPE_CHECKING:
    from cloud.scene import Scene
    from cloud.wire import Call

GET = re.compile(r"\[ ! -e (\S+) \] \|\| cat \1")
# Facts and the like, by what stands in the commands that ask.
QUESTIONS = ('echo "', "ls -t mlflow/environments", "echo yes", "sed -n '/BEGIN CERT", "sha256sum")


@pytest.mark.parametrize(
    "options",
    ["", "--credentials role --access tunnel", "--as-taught --allow 127.0.0.1/32"],
)
def test_the_host_is_told_what_the_plan_has_said_and_asked_besides(
    scene: Scene, options: str
) -> None:
    laptop = scene.laptop()
    in_iam.administrators(scene.cloud)
    scene.cloud.lent = OTHER  # for the server is always told of 127.0.0.1
    plan = planned(scene, laptop, "up", *options.split())
    assert scene.host.commands == []
    with heard(scene) as calls:
        made = scene.up(laptop, *options.split())
    assert made.code == 0, made.output
    done, wanted = done_on(scene), as_it_came(scene, plan)
    assert [each for each in done if each in wanted] == wanted
    for command, _ in (each for each in done if each not in wanted):
        question = GET.fullmatch(command) or any(sign in command for sign in QUESTIONS)
        assert question or keeping.command("sync") in command, command
    check_documents(plan, calls)
    if "role" not in options:
        check_launch(plan, calls)


def check_documents(plan: dict[str, Any], calls: list[Call]) -> None:
    """See that the documents are those that IAM and S3 were given."""
    names = ("PolicyDocument", "AssumeRolePolicyDocument", "Policy")
    given = [call.parameters[name] for call in calls for name in names if name in call.parameters]
    sent = [json.loads(each) for each in given]
    told_ = [each["document"] for each in plan["documents"] if each["document"]]
    assert sorted(map(json.dumps, told_)) == sorted(map(json.dumps, sent))
    arns = [call.parameters["PolicyArn"] for call in calls if "PolicyArn" in call.parameters]
    assert [each["arn"] for each in plan["documents"] if each["arn"]] == arns


def check_launch(plan: dict[str, Any], calls: list[Call]) -> None:
    """See that the instance's settings are those that it was launched with."""
    [launch] = [call.parameters for call in calls if call.operation == "RunInstances"]
    [row] = [row for row in plan["plan"] if row["step"] == "instance"]
    told_ = row["settings"]
    differing = {key for key in told_ if told_[key] != launch[key]}
    assert told_.keys() == launch.keys()
    assert differing == {"UserData", "ClientToken", "NetworkInterfaces", "TagSpecifications"}
    assert told_["NetworkInterfaces"][0].pop("Groups") == [GROUP]
    launch["NetworkInterfaces"][0].pop("Groups")
    assert told_["NetworkInterfaces"] == launch["NetworkInterfaces"]
    tags = json.dumps(launch["TagSpecifications"])
    [key] = set(re.findall(r"AAAAC3[A-Za-z0-9+/]+", tags))
    assert json.loads(tags.replace(key, HOST_KEY)) == told_["TagSpecifications"]


def test_a_plan_shows_no_secret_and_every_price(scene: Scene) -> None:
    run = scene.operator.run(scene.laptop(), "up", "--dry-run")
    assert run.code == 0, run.output
    assert "PRIVATE KEY" not in run.output
    assert "aws_secret_access_key = <secret>" in run.output
    assert re.search(r"instance +make .*; \d+\.\d\d USD a month", run.output)
    assert "About 0.39 USD a day" in run.output
    assert "Nothing was changed." in run.output


def test_a_repair_is_planned_by_what_the_host_has(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    assert planned(scene, laptop, "up")["commands"] == []
    home = scene.host.need().home.folder
    (home / "mlflow" / "auth.ini").unlink()
    (home / "mlflow" / "litestream.yml").write_text(
        (home / "mlflow" / "litestream.yml").read_text() + "\n"
    )
    plan = planned(scene, laptop, "up")
    actions = {row["step"]: row["action"] for row in plan["plan"] if row["action"] != "keep"}
    assert actions == {"backup": "repair", "server": "repair"}
    assert {each["step"] for each in plan["commands"]} == {"backup", "server"}
    scene.host.commands.clear()
    scene.host.fed.clear()
    assert scene.up(laptop).code == 0
    wanted = as_it_came(scene, plan)
    assert [each for each in done_on(scene) if each in wanted] == wanted


def test_what_begins_with_a_backup_has_a_limit_and_a_domain_is_planned_to_the_end(
    scene: Scene,
) -> None:
    laptop = scene.ready_laptop()
    assert scene.down(laptop, "--keep-data").code == 0
    plan = planned(scene, laptop, "up", "--domain", "mlflow.example.org", "--ttl", "8h")
    assert plan["remarks"] == []
    run = [(each["step"], each["run"]) for each in plan["commands"] if "run" in each]
    fetched = [command for step, command in run if step == "database"]
    asked = [re.findall(rf"{re.escape(keeping.command(''))}(\S+)", each) for each in fetched]
    told = [what for found in asked for what in found]
    assert [what for what in told if what != "-m"][-4:] == ["stage", "admin", "place", "settle"]
    assert ("caddy", caddy.START) in run
    assert {step for step, _ in run} >= {"lifetime", "server"}


def test_a_host_that_does_not_answer_is_planned_for_as_a_fresh_one(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    assert scene.operator.run(laptop, "stop").code == 0
    plan = planned(scene, laptop, "up")
    assert "does not answer" in plan["remarks"][0]
    assert "software" in {each["step"] for each in plan["commands"]}
