"""The lines of the walk-through: what somebody types from the first look to the last trace gone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Comment:
    """What the lines below it are for."""

    text: str


@dataclass(frozen=True)
class Line:
    """What is typed, the exit code that it should have, and how many lines of its output stay."""

    text: str
    code: int = 0
    most: int = 40


# What a text made by a script cannot show, and why.
NOT_SHOWN = {
    "open": "it shows a page in a browser; the README has pictures of it",
    "ssh": "it is a shell to type into; `exec` runs one command in its place",
}

LIFE: tuple[Comment | Line, ...] = (
    Comment("Before anything is made: what this machine has, and which options are in force."),
    Line("printf 'sandbox = true\\n\\n[up]\\nttl = \"8h\"\\n' > mlflow-ops.toml"),
    Line("cat mlflow-ops.toml"),
    Line("mlflow-ops doctor"),
    Line("mlflow-ops config up"),
    Line("mlflow-ops up --dry-run", most=60),
    Comment("Make it, with eight hours to live (from the file above)."),
    Line("mlflow-ops up --yes", most=60),
    Line("mlflow-ops status"),
    Line("mlflow-ops check"),
    Comment("Train: one run, and then a parent run with a child for each pair of values."),
    Line("mlflow-ops train --data sample --alpha 0.6"),
    Line("mlflow-ops train --data sample --alpha 0.1 --alpha 0.5 --l1-ratio 0.2 --l1-ratio 0.8"),
    Line("mlflow-ops runs --sort rmse -n 5"),
    Line("mlflow-ops models"),
    Comment("Your own code, and your own shell."),
    Line("mlflow-ops run -- python -c 'import os; print(os.environ[\"MLFLOW_TRACKING_URI\"])'"),
    Line("mlflow-ops env"),
    Comment("The team: a login, and a range of addresses that may come in."),
    Line("mlflow-ops user add ada --password-file ada.txt"),
    Line("mlflow-ops user list"),
    Line("mlflow-ops allow 198.51.100.0/24"),
    Line("mlflow-ops allow"),
    Comment("What it costs, and how long it has to live."),
    Line("mlflow-ops cost"),
    Line("mlflow-ops list"),
    Line("mlflow-ops extend 4h"),
    Comment("The host."),
    Line("mlflow-ops logs -n 5"),
    Line("mlflow-ops exec -- ls mlflow"),
    Line("echo 'see the wine runs' > note.txt"),
    Line("mlflow-ops cp note.txt :note.txt"),
    Line("mlflow-ops exec -- cat note.txt"),
    Comment("Backups: a named one, and back to it."),
    Line("mlflow-ops backup before-cleaning-up"),
    Line("mlflow-ops backups"),
    Line("mlflow-ops restore before-cleaning-up --yes"),
    Line("mlflow-ops export mine"),
    Line("mlflow-ops import mine --yes"),
    Line("mlflow-ops upgrade"),
    Comment("A pause, in which the machine costs nothing."),
    Line("mlflow-ops stop"),
    Line("mlflow-ops status", code=3),
    Line("mlflow-ops start"),
    Comment("What the account holds, what an operator needs to be allowed, and the shell's help."),
    Line("mlflow-ops audit"),
    Line("mlflow-ops policy up", most=12),
    Line("mlflow-ops completion bash", most=8),
    Comment("A longer pause: all but the bucket goes, and comes back."),
    Line("mlflow-ops down --dry-run", most=60),
    Line("mlflow-ops down --keep-data --yes"),
    Line("mlflow-ops up --yes", most=60),
    Line("mlflow-ops runs -n 3"),
    Comment("And away with it all."),
    Line("mlflow-ops down --yes"),
    Line("mlflow-ops status", code=3),
    Comment("The tutorial's first chapter: a plain server on this machine, with no cloud at all."),
    Line("mlflow-ops up --local --yes"),
    Line("mlflow-ops check --local"),
    Line("mlflow-ops runs --local"),
    Line("mlflow-ops down --local --yes"),
)
