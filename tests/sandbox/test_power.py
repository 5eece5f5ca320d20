"""The machine goes up and down with its instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from mlflow_ops.sandbox import processes
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_ec2.type_defs import InstanceTypeDef

    from sandbox.cloud import Cloud

STUBBORN = "trap '' TERM HUP INT; echo up > {0}; while :; do sleep 0.1; done"


def start_detached(cloud: Cloud, script: str, file: str) -> None:
    """Start a process in a session of its own, and wait for the file it writes first."""
    cloud.run(f'setsid sh -c "{script}" </dev/null >/dev/null 2>&1 &')
    until(file, (cloud.home / file).exists, deadline=60)


def test_termination_ends_every_process_and_wipes_the_home(cloud: Cloud) -> None:
    instance = cloud.launch()
    start_detached(cloud, "echo up > plain; exec sleep 600", "plain")
    start_detached(cloud, STUBBORN.format("stubborn"), "stubborn")
    start_detached(cloud, "cd /; echo up > ~/away; exec env -i sleep 600", "away")
    started = psutil.Process(cloud.sandbox.pid).children(recursive=True)
    assert len(started) >= 3
    cloud.terminate(instance)
    assert not [process for process in started if processes.is_alive(process)]
    assert not cloud.home.exists()


def test_stopping_ends_every_process_and_keeps_the_home(cloud: Cloud) -> None:
    instance = cloud.launch()
    start_detached(cloud, "echo up > plain; exec sleep 600", "plain")
    cloud.ec2.stop_instances(InstanceIds=[instance])
    assert not processes.of_home(cloud.home)
    assert (cloud.home / "plain").exists()


def test_a_host_that_powers_itself_off_is_a_stopped_instance_that_can_be_started(
    cloud: Cloud,
) -> None:
    instance = cloud.launch()
    start_detached(cloud, "echo up > plain; exec sleep 600", "plain")
    cloud.run("poweroff")

    def look() -> InstanceTypeDef:
        return cloud.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][
            0
        ]

    until("the stop", lambda: look()["State"]["Name"] == "stopped", deadline=60, pause=0.02)
    assert look()["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    until("the end of it all", lambda: not processes.of_home(cloud.home), deadline=60, pause=0.02)
    cloud.ec2.start_instances(InstanceIds=[instance])
    assert cloud.run("cat plain") == (0, "up\n", "")


def test_connections_end_with_the_machine(cloud: Cloud) -> None:
    instance = cloud.launch()
    with cloud.ssh() as client:
        cloud.terminate(instance)
        transport = client.get_transport()
        assert transport
        until("the end", lambda: not transport.is_active(), deadline=60, pause=0.02)


def test_wiping_follows_no_link_and_stops_at_no_lock(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    tmp_path.chmod(0o755)
    instance = cloud.launch()
    cloud.run(f"ln -s {tmp_path} link; mkdir -p locked/inner; chmod 0 locked/inner; chmod 0 locked")
    cloud.terminate(instance)
    assert not cloud.home.exists()
    assert (tmp_path / "kept").read_text() == "kept"
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_the_machine_stays_up_while_another_instance_runs(cloud: Cloud) -> None:
    first = cloud.launch(name="first")
    second = cloud.ec2.run_instances(
        ImageId="ami-05a0000000000240b", KeyName="first", MinCount=1, MaxCount=1
    )
    cloud.run("echo kept > file")
    cloud.terminate(first)
    assert cloud.run("cat file") == (0, "kept\n", "")
    cloud.terminate(second["Instances"][0]["InstanceId"])
    assert not cloud.home.exists()


def test_a_second_launch_begins_afresh(cloud: Cloud) -> None:
    cloud.terminate(cloud.launch(name="first"))
    cloud.launch(name="second")
    assert cloud.run("ls")[1].split() == ["bin", "mlflow"]


def test_instances_of_any_region_count(cloud: Cloud) -> None:
    cloud.ec2 = cloud.client("ec2", "ap-southeast-2")
    cloud.launch()
    assert cloud.run("true")[0] == 0
