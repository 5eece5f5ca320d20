"""What `up --dry-run` tells is what `up` then does, and telling it does nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from cloud import by_hand_in_iam as in_iam
from cloud import denials
from cloud.plans import as_it_came, done_on, heard, planned
from cloud.sshd import OTHER

from mlflow_ops.backup import keeping
from mlflow_ops.rehearsing import STOPPED, settings
from mlflow_ops.rehearsing.settings import GROUP, HOST_KEY
from mlflow_ops.rehearsing.told import SECRET
from mlflow_ops.server import caddy
from mlflow_ops.steps import STEPS

if TYPE_CHECKING:
    from cloud.scene import Scene
    from cloud.wire import Answer, Ask, Call

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
    assert {row["action"] for row in plan["plan"]} == {"make"}
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
    assert (told_["UserData"].startswith("#cloud-config"), SECRET in told_["UserData"]) == (1, 1)
    [key] = set(re.findall(r"AAAAC3[A-Za-z0-9+/]+", tags))
    assert json.loads(tags.replace(key, HOST_KEY)) == told_["TagSpecifications"]


def test_a_plan_shows_no_secret_and_every_price(scene: Scene) -> None:
    run = scene.operator.run(scene.laptop(), "up", "--dry-run")
    assert run.code == 0, run.output
    assert "PRIVATE KEY" not in run.output
    assert "aws_secret_access_key = <secret>" in run.output
    parts = r"\S+ for the machine, \S+ for its disk, \S+ for its public address"
    assert re.search(rf"instance +make .*; \d+\.\d\d USD a month \({parts}\)", run.output)
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


def looked_for(plan: dict[str, Any]) -> set[str]:
    """Return the steps of which the plan says that they are looked at later, and no more."""
    assert plan["commands"] == []
    return {row["step"] for row in plan["plan"] if row["action"] == "look"}


def test_a_host_that_cannot_be_asked_is_not_guessed_at(scene: Scene) -> None:
    laptop, other = scene.ready_laptop(), scene.laptop()
    plan = planned(scene, other, "up")
    on_host = {name for name, step in STEPS.items() if step.PLACE == "host"} - {"caddy"}
    assert looked_for(plan) == on_host
    assert "No SSH key of this machine opens the host" in plan["remarks"][0]
    assert "~/.ssh/authorized_keys" in plan["remarks"][0]
    assert scene.operator.run(laptop, "stop").code == 0
    plan = planned(scene, laptop, "up")
    assert looked_for(plan) == on_host
    assert plan["remarks"] == [STOPPED]
    said = scene.operator.run(laptop, "up", "--dry-run").output
    assert f"\n\n{STOPPED}\n" in said
    assert "\\n" not in said


def test_a_plan_lets_no_key_into_the_host(scene: Scene) -> None:
    scene.ready_laptop()
    laptop = scene.laptop()
    with scene.cloud.also(no_connecting):
        assert scene.up(laptop).code != 0  # it has a key and the key pair, but is not let in
    before = scene.host.need().home.admitted
    plan = planned(scene, laptop, "up")
    assert "opens the host" in plan["remarks"][0]
    assert scene.host.need().home.admitted == before


def no_connecting(call: Call, ask: Ask) -> Answer:
    """Deny EC2 Instance Connect."""
    return denials.denied(call) if call.operation == "SendSSHPublicKey" else ask()


@pytest.mark.parametrize(
    ("options", "mended"),
    [
        ("--ttl 8h --idle-stop 2h", "instance lifetime"),
        ("--access tunnel", "security_group instance"),
        ("--elastic-ip", "elastic_ip instance certificate server"),
        ("--no-elastic-ip", "instance certificate server"),
    ],
)
def test_another_shape_of_a_stack_that_stands_is_planned_as_up_makes_it(
    scene: Scene, options: str, mended: str
) -> None:
    laptop = scene.laptop()
    assert scene.up(laptop, *(["--elastic-ip"] if "no-" in options else [])).code == 0
    scene.cloud.addresses.drawn = scene.cloud.lent = OTHER
    plan = planned(scene, laptop, "up", *options.split())
    changing = [row["step"] for row in plan["plan"] if row["action"] != "keep"]
    assert changing == mended.split()
    moves = "elastic" in options
    assert bool(plan["remarks"]) == moves
    assert all("tracking URI" in each for each in plan["remarks"])
    scene.host.commands.clear()
    scene.host.fed.clear()
    made = scene.up(laptop, *options.split())
    assert made.code == 0, made.output
    wanted = as_it_came(scene, plan)
    assert [each for each in done_on(scene) if each in wanted] == wanted
    restarts = any("systemctl restart mlflow-server" in command for command, _ in done_on(scene))
    assert restarts == ("server" in mended)
    held = [row["step"] for row in plan["plan"] if row["action"] != "keep" and row["settings"]]
    assert held == [each for each in changing if each in settings.SETTINGS or each == "instance"]
