"""The Debian packages the nspawn machine needs, and whether this computer can have them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .shell import MachineFailed, do

PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "slirp4netns": "slirp4netns",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "losetup": "mount",
    "nsenter": "util-linux",
    "unshare": "util-linux",
}


def available() -> str | None:
    """Return None, or the reason why an nspawn machine cannot run on this computer."""
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root, for mounts, a network namespace and a memory limit"
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    if not os.access("/sys/fs/cgroup", os.W_OK) or not _may_unshare():
        return "needs to make control groups and namespaces, which this container may not"
    if not shutil.which("apt-get"):
        return "needs apt-get: the machine is built from this computer's own Debian or Ubuntu"
    return None


def _may_unshare() -> bool:
    """Whether this process may have namespaces of its own."""
    try:
        do("unshare", "--mount", "--net", "true", deadline=60)
    except (MachineFailed, FileNotFoundError):
        return False
    return True


def missing() -> list[str]:
    """Return the packages whose programs are not here yet."""
    return sorted({package for tool, package in PACKAGES.items() if not shutil.which(tool)})


def install() -> None:
    """Install what is missing with apt-get, and say so."""
    if packages := missing():
        sys.stderr.write(f"Installing for the test machine: {' '.join(packages)}\n")
        quiet = ["-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
        do("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", *quiet, *packages)
