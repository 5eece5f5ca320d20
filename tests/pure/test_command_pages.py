"""The pages of docs/commands, held against the commands that they are made from."""

from __future__ import annotations

from pathlib import Path

import command_pages
import pytest

DOCS = Path(command_pages.__file__).parent


@pytest.fixture(scope="module", name="made")
def made_from_the_code() -> dict[str, str]:
    return command_pages.pages()


def test_each_page_is_what_its_command_says(made: dict[str, str]) -> None:
    kept = {path.name: path.read_text("utf-8") for path in command_pages.FOLDER.glob("*.md")}
    other = sorted(name for name in kept | made if kept.get(name) != made.get(name))
    assert other == [], "run `make docs`"


def test_a_page_has_every_option_with_its_variable_and_its_key(made: dict[str, str]) -> None:
    rows = [line for line in made["up.md"].splitlines() if line.startswith("| `--instance-type")]
    assert "| `MLFLOW_OPS_UP_INSTANCE_TYPE` | `[up] instance-type` |" in rows[0]
    assert "| t3.micro" in rows[0]
    assert "`[user.add] password-file`" in made["user.md"]
    assert "`MLFLOW_OPS_TRAIN_TRACKING_URI` |  |" in made["train.md"]  # never a file's
    assert "| `--yes` | off |  |  | Do not ask. |" in made["up.md"]


def test_a_page_says_where_a_server_on_this_machine_has_no_such_command(
    made: dict[str, str],
) -> None:
    without = {name for name, text in made.items() if "`--local` has no meaning" in text}
    assert {"ssh.md", "cost.md", "user.md"} <= without
    assert not without & {"up.md", "runs.md", "config.md", command_pages.INDEX}


def test_no_page_tells_of_the_machine_it_was_made_on(made: dict[str, str]) -> None:
    own = {str(Path.home()), str(Path.cwd())} - {"/"}
    assert [name for name, text in made.items() if any(word in text for word in own)] == []


def test_every_link_of_the_docs_leads_somewhere() -> None:
    pages = [*DOCS.parent.glob("*.md"), *DOCS.rglob("*.md")]
    lost = [(page.name, link) for page in pages for link in _links(page) if not _there(page, link)]
    assert lost == []


def _links(page: Path) -> list[str]:
    found = [part.partition(")")[0] for part in page.read_text("utf-8").split("](")[1:]]
    return [link for link in found if not link.startswith(("http://", "https://"))]


def _there(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    file = page.parent / path if path else page
    if not file.exists():
        return False
    lines = file.read_text("utf-8").splitlines() if anchor else []
    titles = [line.lstrip("# ").lower() for line in lines if line.startswith("#")]
    made = {
        "".join(c for c in each if c.isalnum() or c in " -").replace(" ", "-") for each in titles
    }
    return not anchor or anchor in made
