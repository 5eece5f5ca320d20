"""The search for secrets finds them in every form in which they could get out."""

from __future__ import annotations

import base64
import dataclasses
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import walk_packages

import asyncssh
import pytest
from journey import secrets, watch

import mlflow_ops
from mlflow_ops.server import certificates
from mlflow_ops.wait import until

PASSWORD = "p+/w-0123456789-0123456789"
FORMS = (
    PASSWORD,
    base64.b64encode(f"admin:{PASSWORD}".encode()).decode(),
    base64.b64encode(PASSWORD.encode()).decode(),
    "p%2B%2Fw-0123456789-0123456789",
    PASSWORD.encode().hex(),
)


@pytest.mark.parametrize("form", FORMS)
def test_a_password_is_found_as_it_travels(form: str) -> None:
    [name] = secrets.given_away([secrets.of("it", PASSWORD)], f"…{form}…")
    assert name == "it"
    assert PASSWORD not in repr(secrets.of("it", PASSWORD))


def test_a_private_key_is_found_by_any_line_and_its_public_half_is_none() -> None:
    key, certificate = certificates.authority("x")
    own = asyncssh.generate_private_key("ssh-ed25519")
    known = [secrets.of("ca", key), secrets.of("ssh", own.export_private_key().decode())]
    assert secrets.given_away(known, certificate) == set()
    assert secrets.given_away(known, own.export_public_key()) == set()
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key()
    assert secrets.given_away(known, other) == set()
    assert secrets.given_away(known, json.dumps({"log": key.splitlines()[2]})) == {"ca"}
    assert secrets.given_away(known, own.export_private_key()) == {"ssh"}


def test_files_are_searched_and_named(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\xff\0" + PASSWORD.encode())
    (tmp_path / "other").write_text("nothing")
    assert secrets.holding([secrets.of("it", PASSWORD)], tmp_path) == {"log": {"it"}}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows all arguments in /proc")
def test_arguments_and_modes_are_seen_while_they_last(tmp_path: Path) -> None:
    private, public = tmp_path / "private", tmp_path / "public"
    with watch.watching(tmp_path) as seen:
        for path, mode in ((private, 0o600), (public, 0o644)):
            path.touch()
            path.chmod(mode)
        with subprocess.Popen([sys.executable, "-c", "input()", PASSWORD], stdin=-1) as it:
            until("a look", lambda: PASSWORD.encode() in b"".join(seen.arguments), deadline=60)
            it.kill()
        until(
            "a look at the files", lambda: {"private", "public"} <= seen.modes.keys(), deadline=60
        )
    assert seen.open_to_others().keys() >= {"public"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_on_a_host_it_is_told_what_another_user_can_read(tmp_path: Path) -> None:
    for name, mode in (("open", 0o644), ("private", 0o600)):
        (tmp_path / name).write_text(PASSWORD)
        (tmp_path / name).chmod(mode)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    words = ["/usr/bin/python3", "-c", secrets.ON_HOST, str(tmp_path)]
    given = secrets.as_json([secrets.of("it", PASSWORD)])
    shown = subprocess.run(
        words, input=given, capture_output=True, text=True, check=True, user="nobody", timeout=60
    ).stdout
    assert {Path(place).name for place in json.loads(shown)} == {"open"}


SECRET = re.compile(r"password|secret|token|private|(^|_)keys?$")
# Public halves, ids and files' places.
HARMLESS = {
    *("connecting.Login.host_keys", "iam_kinds.Kind.key", "of_aws.Instance.born_key"),
    *("answers.Answers.key", "artifacts.Object.key", "serving.Serving.key"),
    *("of_aws.Instance.host_keys", "cloud.Instance.key", "note.Way.host_key"),
    # They tell one command or launch from another, and stand in tags.
    *("local.Held.tokens", "local.Note.tokens", "holder.Holder.token", "launches.Launch.token"),
}


def test_no_record_of_ours_shows_a_secret_when_it_is_printed() -> None:
    shown = set()
    for module in walk_packages(mlflow_ops.__path__, "mlflow_ops."):
        if module.name.endswith("__main__"):
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind):
                where = f"{kind.__module__.rpartition('.')[2]}.{kind.__qualname__}"
                fields = dataclasses.fields(kind)
                names = [each.name for each in fields if each.repr and SECRET.search(each.name)]
                shown |= {f"{where}.{name}" for name in names}
    assert shown - HARMLESS == set()
