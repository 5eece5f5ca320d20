"""Programs for the host: modules of ours, packed into one file that its Python runs."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from importlib import resources

BORN = (1980, 1, 1, 0, 0, 0)  # the same bytes whoever packs it


@cache
def program(folder: str, *besides: str) -> bytes:
    """Return a package of ours, by its folder in `mlflow_ops`, and files that it needs besides.

    Python runs a zip file as it does a script: https://docs.python.org/3/library/zipapp.html
    """
    package = resources.files("mlflow_ops")
    files = {f"mlflow_ops/{name}": (package / name).read_bytes() for name in besides}
    for each in sorted((package / folder).iterdir(), key=lambda file: file.name):
        if each.name.endswith(".py"):
            files[f"mlflow_ops/{folder}/{each.name}"] = each.read_bytes()
    files["__main__.py"] = files.pop(f"mlflow_ops/{folder}/__main__.py")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, BORN), content)
    return packed.getvalue()
