"""A section of our own in somebody else's AWS file, with every other byte left as it is.

The general editors of INI files (configupdater, configparser) refuse files that the AWS CLI reads
happily, or add a line end; so the section stands between two comments of ours, and only what is
between them is ever written or removed.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from mlflow_ops import files

if TYPE_CHECKING:
    from pathlib import Path

# What stood at the end of the file before us, so that removal gives back the very same bytes.
WHOLE_LINE, BROKEN_LINE, NO_FILE = "appended", "appended to a line without end", "made the file"


def add(path: Path, header: str, settings: dict[str, str]) -> None:
    """Put the section at the end of the file, in place of an earlier one of ours."""
    path = path.resolve()
    files.private_folder(path.parent)
    with files.alone_in(path.parent):
        _take_out(path, header)
        _append(path, header, settings)


def remove(path: Path, header: str) -> None:
    """Take our section out again; the file too if we made it and nothing else is in it.

    What a kill has left of an earlier change goes with it.
    """
    path = path.resolve()
    if path.parent.is_dir():
        with files.alone_in(path.parent):
            _take_out(path, header)
            files.temporary_of(path).unlink(missing_ok=True)


def _append(path: Path, header: str, settings: dict[str, str]) -> None:
    before = _content(path)
    how = NO_FILE if before is None else BROKEN_LINE if _is_broken(before) else WHOLE_LINE
    lines = [
        f"# mlflow-ops ({how}) {header}",
        f"[{header}]",
        *(f"{name} = {value}" for name, value in settings.items()),
        f"# mlflow-ops end {header}",
        "",
    ]
    glue = b"\n" if how == BROKEN_LINE else b""
    _replace(path, (before or b"") + glue + "\n".join(lines).encode())


def _take_out(path: Path, header: str) -> None:
    content = _content(path) or b""
    if not (found := _block(header).search(content)):
        return
    how, before = found.group("how").decode(), content[: found.start()]
    after = _inherited(how, content[found.end() :])
    if not after and how == BROKEN_LINE:
        before = before[:-1]
    if not before + after and how == NO_FILE:
        path.unlink()
    else:
        _replace(path, before + after)


def _inherited(how: str, after: bytes) -> bytes:
    """Return what stands after a section of ours; another one there takes over how it began."""
    ours = f"# mlflow-ops ({WHOLE_LINE}) ".encode()
    if after.startswith(ours):
        return f"# mlflow-ops ({how}) ".encode() + after[len(ours) :]
    return after


def settings_of(path: Path, header: str) -> dict[str, str] | None:
    """Return the settings in our section, or None where it is not there."""
    content = _content(path) or b""
    if not (found := _block(header).search(content)):
        return None
    pairs = (line.partition("=") for line in found.group("body").decode().splitlines())
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def is_foreign(path: Path, header: str) -> bool:
    """Whether the file has a section of this name that is not ours."""
    content = _content(path) or b""
    others = _block(header).sub(b"", content)
    name = re.escape(header.encode())
    return bool(re.search(rb"(?m)^[ \t]*\[[ \t]*" + name + rb"[ \t]*\]", others))


def _block(header: str) -> re.Pattern[bytes]:
    name = re.escape(header.encode())
    return re.compile(
        rb"(?m)^# mlflow-ops \((?P<how>[a-z ]+)\) " + name + rb"\n"
        rb"(?P<body>(?:.*\n)*?)"
        rb"# mlflow-ops end " + name + rb"\n?"
    )


def _content(path: Path) -> bytes | None:
    """Return what is in the file, or None without one; another stack may remove it meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    return None


def _is_broken(content: bytes) -> bool:
    return bool(content) and not content.endswith(b"\n")


def _replace(path: Path, content: bytes) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    files.replace(path, content, mode)
