"""What EC2 tells a new instance: the files that make cloud-init do there what it does on EC2."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Ubuntu's cloud images come with this user; Debian's cloud-init would call it debian.
# Without a locale and a hosts file cloud-init ends in an error on so small a system.
CLOUD_CONFIG = """\
datasource_list: [NoCloud]
network: {config: disabled}
locale: C.UTF-8
manage_etc_hosts: true
apt: {preserve_sources_list: true}
system_info:
  default_user:
    name: ubuntu
    gecos: Ubuntu
    lock_passwd: true
    groups: [adm, sudo]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
"""


def nocloud(public_key: str, user_data: str) -> dict[str, str]:
    """Return the files of the NoCloud data source, by their path in the machine."""
    about = {
        "instance-id": f"i-{uuid.uuid4().hex[:17]}",
        "local-hostname": "ip-172-31-9-100",
        "public-keys": [public_key.strip()],
    }
    folder = "var/lib/cloud/seed/nocloud"
    # JSON is YAML too, and quotes by itself.
    return {f"{folder}/meta-data": json.dumps(about), f"{folder}/user-data": user_data}


def settings(environment: Mapping[str, str], nameserver: str) -> dict[str, str]:
    """Return the files that give every login and every service its environment and names."""
    lines = [f'{name}="{value}"' for name, value in environment.items()]
    quoted = " ".join(f"'{line}'".replace('"', "") for line in lines)
    return {
        "etc/environment": "".join(f"{line}\n" for line in lines),
        "etc/systemd/system.conf.d/inherited.conf": f"[Manager]\nDefaultEnvironment={quoted}\n",
        "etc/resolv.conf": f"nameserver {nameserver}\n",
    }
