"""Who gets into the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import paramiko
import pytest

from sandbox.cloud import make_key

if TYPE_CHECKING:
    from sandbox.cloud import Cloud


def refused(cloud: Cloud, key: paramiko.PKey | None = None, user: str = "ubuntu") -> bool:
    try:
        with cloud.ssh(key, user):
            return False
    except paramiko.AuthenticationException:
        return True


def test_no_one_gets_in_before_launch(cloud: Cloud) -> None:
    assert refused(cloud)


def test_the_launched_key_gets_in(common: Cloud) -> None:
    assert common.run("echo hello") == (0, "hello\n", "")


def test_another_key_is_refused(common: Cloud) -> None:
    assert refused(common, key=make_key())


def test_another_user_is_refused(common: Cloud) -> None:
    assert refused(common, user="root")


def test_a_password_is_refused(common: Cloud) -> None:
    with pytest.raises(paramiko.BadAuthenticationType) as refusal, common.ssh(password="ubuntu"):
        pass
    assert refusal.value.allowed_types == ["publickey"]


def test_a_stopped_instance_lets_nobody_in_and_keeps_its_home(cloud: Cloud) -> None:
    instance = cloud.launch()
    cloud.run("echo kept > file")
    cloud.ec2.stop_instances(InstanceIds=[instance])
    assert refused(cloud)
    cloud.ec2.start_instances(InstanceIds=[instance])
    assert cloud.run("cat file") == (0, "kept\n", "")


def test_a_terminated_instance_lets_nobody_in(cloud: Cloud) -> None:
    cloud.terminate(cloud.launch())
    assert refused(cloud)


def test_the_key_opens_its_instance_though_the_key_pair_is_deleted(cloud: Cloud) -> None:
    cloud.launch()
    cloud.ec2.delete_key_pair(KeyName="own")
    assert cloud.run("true")[0] == 0


def test_a_key_pair_made_later_under_the_same_name_does_not_open_it(cloud: Cloud) -> None:
    cloud.launch()
    cloud.ec2.delete_key_pair(KeyName="own")
    later = make_key()
    material = f"ssh-ed25519 {later.get_base64()}".encode()
    cloud.ec2.import_key_pair(KeyName="own", PublicKeyMaterial=material)
    assert refused(cloud, key=later)


def test_a_tunnel_leads_to_this_machine_only(common: Cloud) -> None:
    with common.ssh() as client:
        transport = client.get_transport()
        assert transport
        port = common.sandbox.ssh_port
        tunnel = transport.open_channel("direct-tcpip", ("127.0.0.1", port), ("127.0.0.1", 0))
        assert tunnel.recv(4) == b"SSH-"
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("192.0.2.1", 80), ("127.0.0.1", 0))
