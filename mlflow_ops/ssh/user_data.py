"""What an instance is launched with for cloud-init to do at its first boot."""

from __future__ import annotations

import json

from mlflow_ops.ssh import sshd

HEAD = "#cloud-config\n"


def cloud_config(private: str, public: str) -> str:
    """Return user data that gives the host this Ed25519 SSH key, and lets nobody in by password.

    User data is no secret for ever: until the instance is gone, whoever may call
    DescribeInstanceAttribute reads it, and so does any process on the host that may ask for its
    metadata. So the key is for the first minutes alone: the step `host_key` replaces it by one
    that never leaves the host, and from then on the one in here opens nothing and proves nothing.
    What that leaves open: who reads it within those minutes, and is between us and the host, too.

    sshd's settings are written before it first starts; `ssh_pwauth` comes seconds after that.

    JSON is YAML, and quotes by itself.
    https://cloudinit.readthedocs.io/en/latest/reference/modules.html#ssh
    """
    wishes = {
        "write_files": [{"path": sshd.DROP_IN, "content": sshd.config(), "permissions": "0644"}],
        "ssh_pwauth": False,
        "ssh_deletekeys": True,
        "ssh_genkeytypes": ["ed25519"],
        "ssh_keys": {"ed25519_private": private, "ed25519_public": public},
    }
    return HEAD + json.dumps(wishes, sort_keys=True) + "\n"
