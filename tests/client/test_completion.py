"""What Tab offers, asked of the real shells with the script that `completion` prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.shell_completion import BashComplete

from mlflow_ops.cli import group

if TYPE_CHECKING:
    from conftest import Cli

PROGRAM = Path(sys.executable).with_name("mlflow-ops")
# How each shell is asked what it would offer at the end of a line, one offer a line.
ASKED = {
    "bash": """\
source "$SCRIPT"
COMP_WORDS=($LINE); case $LINE in *" ") COMP_WORDS+=("") ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_mlflow_ops_completion mlflow-ops
printf '%s\\n' "${COMPREPLY[@]}"
""",
    # zsh completes only where a person types: what it would add is caught instead.
    "zsh": """\
compdef() { :; }
source "$SCRIPT"
compadd() { while [[ $1 != -- && $# -gt 0 ]]; do
  if [[ $1 = -a ]]; then print -l -- ${(P)2}; fi; shift; done }
_describe() { print -l -- ${${(P)3}%%:*}; }
words=(${(z)LINE}); [[ $LINE = *" " ]] && words+=("")
CURRENT=$#words
_mlflow_ops_completion
""",
    "fish": """\
source $SCRIPT
complete -C "$LINE" | string replace -r "\\t.*" ""
""",
}
HOW = {"bash": ["--norc", "-c"], "zsh": ["-f", "-c"], "fish": ["--no-config", "-c"]}


@pytest.fixture(params=ASKED)
def shell(request: pytest.FixtureRequest) -> str:
    """Return a shell that is here, or that Debian's package brings."""
    name = str(request.param)
    if not shutil.which(name) and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = ["-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
        given = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        words = ["apt-get", "install", *quiet, name]
        subprocess.run(words, env=given, capture_output=True, check=False)
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    return name


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the script for each shell."""
    folder = tmp_path_factory.mktemp("scripts")
    for shell in ASKED:
        words = [str(PROGRAM), "completion", shell]
        (folder / shell).write_bytes(subprocess.run(words, capture_output=True, check=True).stdout)
    return folder


def offered(shell: str, scripts: Path, line: str) -> list[str]:
    """Return what a shell offers at the end of the line."""
    own = {"SCRIPT": str(scripts / shell), "LINE": line}
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [shell, *HOW[shell], ASKED[shell]],
        env=os.environ | own | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    return [each.strip() for each in ended.stdout.split("\n") if each.strip()]


def test_tab_completes_commands_options_choices_and_the_stacks_of_this_machine(
    shell: str, scripts: Path
) -> None:
    ops = Path(os.environ["MLFLOW_OPS_HOME"])
    for stack in ("stacks/blue", "stacks/black", "stacks/red", "sandbox/bloom"):
        (ops / stack).mkdir(parents=True)
    assert sorted(offered(shell, scripts, "mlflow-ops st")) == ["start", "status", "stop"]
    assert offered(shell, scripts, "mlflow-ops logs --fol") == ["--follow"]
    assert sorted(offered(shell, scripts, "mlflow-ops status --name bl")) == ["black", "blue"]
    assert offered(shell, scripts, "mlflow-ops status --sandbox --name bl") == ["bloom"]
    assert offered(shell, scripts, "mlflow-ops completion z") == ["zsh"]
    assert sorted(offered(shell, scripts, "mlflow-ops config st")) == ["start", "status", "stop"]
    assert "list" in offered(shell, scripts, "mlflow-ops config user ")


def ask(line: str, **environment: str) -> list[str]:
    """Return what the program itself offers a bash."""
    words = line.split(" ")
    own = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    asked = {"_MLFLOW_OPS_COMPLETE": "bash_complete", **own, **environment}
    ended = subprocess.run(
        [str(PROGRAM)], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""
    return [each.partition(",")[2] for each in ended.stdout.split("\n") if each]


def test_the_profiles_are_those_of_the_users_aws_files(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".aws"
    folder.mkdir()
    (folder / "config").write_text(
        "[default]\n[profile work]\nregion = x\n[sso-session work-sso]\n"
    )
    (folder / "credentials").write_text("[default]\n[world]\naws_secret_access_key = %secret\n")
    assert ask("mlflow-ops up --profile wo") == ["work", "world"]
    (folder / "config").write_bytes(b"\xff no file of AWS's [")
    assert ask("mlflow-ops up --profile wo") == ["world"]


@pytest.mark.parametrize(
    "line",
    [
        *("train --data", "up --config", "run --", "run -- python", "user add ada --password-file"),
        *("export", "import", "cp", "cp a"),
    ],
)
def test_where_a_file_is_wanted_the_shell_completes_its_name(line: str) -> None:
    shell = BashComplete(group, {}, "mlflow-ops", "_MLFLOW_OPS_COMPLETE")
    found = shell.get_completions(line.split(), "./da")
    assert [(each.value, each.type) for each in found] == [("./da", "file")]


def test_what_cannot_be_known_here_is_not_offered_and_nothing_is_ever_said() -> None:
    nowhere = {"MLFLOW_OPS_HOME": "~nobody-of-this-name/ops"}
    assert ask("mlflow-ops status --name m", **nowhere) == []
    assert ask("mlflow-ops restore b") == []
    assert ask("mlflow-ops no-such-command --na") == []


def test_the_shell_in_use_is_meant_when_none_is_named(cli: Cli) -> None:
    named = cli("completion", "fish")
    assert named.code == 0
    assert cli("completion", SHELL="/usr/bin/fish").out == named.out
    told = json.loads(cli("completion", "fish", "--json").out)
    assert (told["shell"], told["script"]) == ("fish", named.out.removesuffix("\n"))
    other = cli("completion", SHELL="/bin/dash")
    assert (other.code, "bash, zsh or fish" in other.err) == (2, True)
