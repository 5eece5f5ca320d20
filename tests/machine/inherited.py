"""What the machine takes over from this computer, so that it can install where this one can.

Certificates, proxies and package indexes only; what names a directory of this computer is left
out. On a computer with a plain way to the internet nothing is taken over, as on EC2.
"""

from __future__ import annotations

import os
from configparser import ConfigParser
from itertools import chain
from pathlib import Path

from .shell import ENVIRONMENT, do

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
AUTHORITIES = Path("/usr/local/share/ca-certificates")
BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
UV_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
PIP_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "proxy", "retries", "timeout")
HOME = Path.home()
PIP_FILES = ("/etc/pip.conf", HOME / ".pip/pip.conf", HOME / ".config/pip/pip.conf")
# What `apt-config dump` also lists: apt's own defaults, which come with apt.
APT_DEFAULTS = tuple(
    f"Acquire::{name}" for name in ("IndexTargets", "Changelogs", "CompressionTypes", "cdrom")
)


def sources() -> list[Path]:
    """Return the release's own apt sources, without those of third parties."""
    names = ("sources.list", "sources.list.d/debian.sources", "sources.list.d/ubuntu.sources")
    paths = [Path("/etc/apt", name) for name in names]
    return [path for path in paths if path.is_file() and path.stat().st_size]


def apt_conf() -> str:
    """Return apt's settings for fetching: proxies, time-outs, checks."""
    lines = do("apt-config", "dump", "--no-empty", "Acquire").splitlines()
    return "".join(f"{line}\n" for line in lines if not line.startswith(APT_DEFAULTS))


def authorities() -> dict[str, bytes]:
    """Return the certificate authorities added to this computer, by file name."""
    found = {path.name: path.read_bytes() for path in sorted(AUTHORITIES.rglob("*.crt"))}
    named = {ENVIRONMENT.get(name, BUNDLE) for name in BUNDLE_VARIABLES} - {BUNDLE}
    bundles = [path for path in map(Path, sorted(named)) if path.is_file()]
    return found | {f"bundle-{n}.crt": path.read_bytes() for n, path in enumerate(bundles)}


def pip_conf() -> str:
    """Return a pip.conf with this computer's indexes and proxy, as pip itself would find them."""
    parser = ConfigParser(interpolation=None)
    own = ENVIRONMENT.get("PIP_CONFIG_FILE", os.devnull)
    parser.read((*PIP_FILES, own))
    options = dict(parser["global"]) if parser.has_section("global") else {}
    for option in PIP_OPTIONS:
        variable = f"PIP_{option.upper().replace('-', '_')}"
        options[option] = _elsewhere(ENVIRONMENT.get(variable, options.get(option, "")))
    return _section({option: options[option] for option in PIP_OPTIONS if options[option]})


def _elsewhere(value: str) -> str:
    """Return the words that name no directory of this computer."""
    return " ".join(word for word in value.split() if not word.startswith(("file:", "/", ".")))


def _section(options: dict[str, str]) -> str:
    """Return a pip.conf of these options."""
    return "".join(
        chain(["[global]\n"], (f"{name} = {value}\n" for name, value in options.items()))
    )


def environment(gateway: str) -> dict[str, str]:
    """Return the variables every process in the machine is to have."""
    proxies = {name: ENVIRONMENT[name] for name in PROXY_VARIABLES if ENVIRONMENT.get(name)}
    if proxies:
        direct = ",".join(
            filter(None, [ENVIRONMENT.get("no_proxy"), "localhost,127.0.0.1", gateway])
        )
        proxies |= {"no_proxy": direct, "NO_PROXY": direct}
    indexes = {name: _elsewhere(ENVIRONMENT.get(name, "")) for name in UV_VARIABLES}
    bundles = dict.fromkeys(BUNDLE_VARIABLES if authorities() else (), BUNDLE)
    return proxies | {name: value for name, value in indexes.items() if value} | bundles
