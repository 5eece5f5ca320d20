"""What the README says of the product, held against the product."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import mlflow_ops
import trainer
from mlflow_ops import errors, plan, prices, shaping
from mlflow_ops.cli import COMMANDS, group
from mlflow_ops.cli.options import SHARED
from mlflow_ops.config import refusing
from mlflow_ops.ec2.launches import DISK_GIB
from mlflow_ops.names import Names
from mlflow_ops.prices.table import SHIPPED_REGION
from mlflow_ops.settings import Options
from mlflow_ops.steps import STEPS

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = "| step | resource | name | purpose | cost |"
LONGEST = 220
README = (ROOT / "README.md").read_text(encoding="utf-8")


def table_rows(header: str) -> list[list[str]]:
    """Return the cells of the rows of the table with this header line."""
    lines = README.splitlines()
    start = lines.index(header) + 2
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_built_wheel_is_what_is_tested() -> None:
    installed = Path(sysconfig.get_path("purelib"))
    for package in (mlflow_ops, trainer):
        assert Path(str(package.__file__)).is_relative_to(installed)


def test_the_resource_table_has_every_step_in_order_with_its_purpose() -> None:
    rows = table_rows(RESOURCES)
    assert [row[0].strip("`") for row in rows] == list(STEPS)
    assert [row[3] for row in rows] == [step.PURPOSE for step in STEPS.values()]


def test_the_resource_table_has_the_real_names() -> None:
    names = Names("mlflow", "<account>", "us-east-1")
    rows = {row[0].strip("`"): row for row in table_rows(RESOURCES)}
    assert rows["iam_user"][2] == f"`{names.base}`"
    assert rows["bucket"][2] == f"`{names.bucket}`"


def test_the_price_in_the_readme_is_the_one_that_up_shows() -> None:
    table = prices.shipped(SHIPPED_REGION)
    parts = prices.planned(table, "t3.micro", DISK_GIB, public=True, elastic=False)
    amount = (plan.total(parts) or 0) / prices.DAYS
    assert f"About {amount:.2f} USD a day" in README
    assert prices.AS_OF in README


def test_the_resource_table_has_the_prices_that_up_shows() -> None:
    table = prices.shipped(SHIPPED_REGION)
    hourly = (table.instance("t3.micro"), table.disk("gp3", DISK_GIB), table.address_hour)
    daily = [f"{(each or 0) * prices.HOURS:.2f}" for each in hourly]
    told = {row[0].strip("`"): row[4] for row in table_rows(RESOURCES)}
    assert told["instance"] == f"{' + '.join(daily)} USD a day"
    assert told["elastic_ip"].startswith(f"{daily[-1]} USD a day")
    assert told["bucket"] == f"{table.storage_gib_month} USD a GB and month"


def named(sentence: str) -> set[str]:
    """Return the options that the README names from this sentence's beginning to its end."""
    start = README.index(sentence)
    return set(re.findall(r"--([a-z-]+)", re.split(r"[.;]\s", README[start:], maxsplit=1)[0]))


def test_the_options_of_all_commands_are_those_that_the_readme_names() -> None:
    assert named("All take `--name`") == {name.removeprefix("as_") for name in SHARED}


def test_the_readme_names_what_is_never_taken_from_a_file() -> None:
    never = {*refusing.NEVER, *(f"no-{key}" for key in refusing.NEVER_OFF)}
    assert named("Options that open a stack") == never


def test_up_remembers_what_the_readme_says() -> None:
    options: dict[str, Any] = {
        "access": "tunnel",
        "address": "private",
        "artifacts": "direct",
        "credentials": "role",
        "domain": "mlflow.example.org",
        "elastic-ip": True,
        "ttl": "8h",
        "idle-stop": "2h",
    }
    assert named("It remembers the ranges") == {*options, "allow"}
    for option, said in options.items():
        field = {"elastic-ip": "elastic", "idle-stop": "idle_stop"}.get(option, option)
        first = shaping.wanted(Options(**{field: said}), None)
        assert shaping.wanted(Options(), first) == first != shaping.wanted(Options(), None)


def test_the_command_table_has_every_command() -> None:
    rows = table_rows("| command | does |")
    assert [row[0].strip("`").split()[0] for row in rows] == list(COMMANDS)


def test_the_readme_stays_short_and_the_docs_name_every_page_of_theirs() -> None:
    assert len(README.splitlines()) <= LONGEST
    docs = ROOT / "docs"
    named = (docs / "README.md").read_text("utf-8")
    assert [
        page.name for page in docs.glob("*.*") if _is_page(page) and page.name not in named
    ] == []


def _is_page(path: Path) -> bool:
    return path.suffix in {".md", ".txt"} and path.name != "README.md"


def test_every_commands_help_has_an_example_and_the_exit_codes() -> None:
    for command in COMMANDS:
        shown = CliRunner().invoke(group, [command, "--help"], prog_name="mlflow-ops").stdout
        assert f"mlflow-ops {command}" in shown.partition("Example:")[2]
        assert "0 done, 1 failed, 2 usage, 3 not ready" in re.sub(r"\s+", " ", shown)
        for option in ("--name", "--region", "--profile", "--sandbox", "--json", "--debug"):
            assert option in shown


def test_the_error_tree_shows_every_error_with_its_exit_code() -> None:
    tree = str(errors.__doc__)
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, errors.MlflowOpsError):
            line = next(line for line in tree.splitlines() if name in line)
            if re.search(r"\d", line):
                assert str(kind.exit_code) in line


@pytest.mark.parametrize(
    ("commands", "spared"),
    [
        (["config", "completion"], ["boto3", "botocore", "paramiko", "mlflow", "rich", "pandas"]),
        ([*COMMANDS], ["boto3", "paramiko", "mlflow", "rich", "pandas"]),
    ],
)
def test_help_and_completion_load_nothing_heavy(commands: list[str], spared: list[str]) -> None:
    script = (
        "import sys; from click.shell_completion import BashComplete\n"
        "from click.testing import CliRunner; from mlflow_ops.cli import group\n"
        f"for each in {commands}:\n"
        "    ran = CliRunner().invoke(group, [each, '--help'])\n"
        "    assert ran.exit_code == 0, ran.output\n"
        "    shell = BashComplete(group, {}, 'mlflow-ops', '_X')\n"
        "    assert shell.get_completions([each], '-'), each\n"
        f"print([each for each in {spared} if each in sys.modules])"
    )
    words = [sys.executable, "-c", script]
    shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert shown.strip() == "[]"


def test_every_line_of_the_threat_model_names_a_test_that_there_is() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    start = text.index("| what | from whom |")
    rows = text[start : text.index("\n\n", start)].splitlines()[2:]
    for row in rows:
        shown = re.findall("`(tests/[^`]*)`", row.split("|")[4])
        assert shown, row
        for path, _, name in (each.partition("::") for each in shown):
            assert (ROOT / path).exists(), path
            assert not name or f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), name
