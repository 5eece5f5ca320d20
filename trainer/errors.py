"""Everything that can go wrong with a training, as one tree.

TrainerError            exit code 1, and a message that says what, where and what next
├── DataError           the data set cannot be had, read or used
├── ServerUnreachable   no MLflow server answers at the tracking URI
└── RunError            the server refused the run, or the run failed

Bad hyperparameters are a `ValueError` from `trainer.model.check`: a mistake of the caller's.
"""

import re

_LONGEST = 300


class TrainerError(Exception):
    """A training that could not be done; `exit_code` is what a command line ends with."""

    exit_code = 1


class DataError(TrainerError):
    """The data set cannot be had, read or used."""


class ServerUnreachable(TrainerError):
    """No MLflow server answers at the tracking URI."""


class RunError(TrainerError):
    """The server refused the run, or the run failed."""


def brief(error: BaseException, line: int = 0) -> str:
    """Say one line of an error, shortened, with no user name or password from a URL in it."""
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[line].strip()}" if lines else type(error).__name__
    safe = re.sub(r"://[^/@\s]+@", "://", said).rstrip(".")
    return safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]}…"
