"""An instance of the test cloud is the machine: what EC2 is told happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import paramiko
import pytest
from botocore.exceptions import ClientError

from mlflow_ops import wait

from .launch import answering, banner, launch, ssh

if TYPE_CHECKING:
    from .cloud import Cloud


def test_a_launch_boots_to_sshd(machine_cloud: Cloud) -> None:
    launch()
    assert answering(machine_cloud.machine).startswith("SSH-2.0-OpenSSH")


def test_ec2_gives_the_machines_address_and_no_name(machine_cloud: Cloud) -> None:
    launched = launch()
    assert launched.look()["PublicIpAddress"] == machine_cloud.machine.address
    assert not launched.look().get("PublicDnsName")


def test_only_the_launched_key_gets_in_and_it_is_ubuntu_with_sudo(machine_cloud: Cloud) -> None:
    machine = machine_cloud.machine
    launched = launch()
    answering(machine)
    machine.run("cloud-init status --wait", deadline=60)
    assert ssh(machine, launched.key, "id -un; sudo -n id -un") == "ubuntu\nroot\n"
    with pytest.raises(paramiko.AuthenticationException):
        ssh(machine, paramiko.RSAKey.generate(2048), "true")


def test_user_data_runs_and_the_console_shows_the_host_keys(machine_cloud: Cloud) -> None:
    machine = machine_cloud.machine
    launched = launch("#!/bin/sh\necho from user data > /root/told\n")
    answering(machine)
    machine.run("cloud-init status --wait", deadline=60)
    assert machine.run("cat /root/told") == "from user data\n"
    key = machine.run("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub").strip()
    assert key in boto3.client("ec2").get_console_output(InstanceId=launched.id)["Output"]


def test_s3_is_at_the_same_address_inside_even_without_a_way_out(machine_cloud: Cloud) -> None:
    machine = machine_cloud.machine
    launch()
    answering(machine)
    machine.cut_off()
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="it", Body=b"is here")
    url = s3.generate_presigned_url("get_object", {"Bucket": "kept", "Key": "it"})
    assert url.startswith(machine_cloud.endpoint)
    read = f"from urllib.request import urlopen; print(urlopen('{url}').read().decode())"
    assert machine.run(f'python3 -c "{read}"') == "is here\n"


def test_reboot_keeps_the_disk_and_the_address(machine_cloud: Cloud) -> None:
    machine = machine_cloud.machine
    launched = launch()
    answering(machine)
    address = machine.address
    # /run is memory, /root is disk.
    machine.run("touch /root/kept /run/gone")
    boto3.client("ec2").reboot_instances(InstanceIds=[launched.id])
    wait.until("sshd to go", lambda: not banner(address), deadline=60, pause=0.01, longest=0.01)
    answering(machine)
    assert machine.run("ls /root; ls /run/gone || true").startswith("kept\nls: ")
    assert launched.look()["PublicIpAddress"] == machine.address == address


def test_stop_and_start_keep_the_disk_and_change_the_address(machine_cloud: Cloud) -> None:
    ec2, machine = boto3.client("ec2"), machine_cloud.machine
    launched = launch()
    answering(machine)
    old = machine.address
    machine.run("touch /root/kept")
    ec2.stop_instances(InstanceIds=[launched.id])
    assert "PublicIpAddress" not in launched.look()
    assert banner(old) == ""
    ec2.start_instances(InstanceIds=[launched.id])
    answering(machine)
    assert machine.run("ls /root") == "kept\n"
    assert launched.look()["PublicIpAddress"] == machine.address != old


def test_terminate_ends_it_and_the_next_launch_has_a_fresh_disk(machine_cloud: Cloud) -> None:
    machine = machine_cloud.machine
    launched = launch()
    answering(machine)
    machine.run("touch /root/gone")
    boto3.client("ec2").terminate_instances(InstanceIds=[launched.id])
    assert banner(machine.address) == ""
    launch(name="again")
    answering(machine)
    assert machine.run("ls /root") == ""


def test_a_repeated_token_is_the_same_instance_and_a_new_one_finds_no_room(
    machine_cloud: Cloud,
) -> None:
    first = launch(name="one")
    assert launch(name="one").id == first.id
    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        launch(name="two")
    answering(machine_cloud.machine)
