"""What a server on this machine holds, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.contents import counted, sized

if TYPE_CHECKING:
    from mlflow_ops.local.place import Place


def held(place: Place) -> str:
    """Say how many runs and models there are, and how much they are."""
    found = place.held()
    size = sized(found.size)
    if found.runs is None or found.models is None:
        return f"all runs and models, which its database does not tell ({size})"
    return f"{counted(found.runs, 'run')}, {counted(found.models, 'registered model')} ({size})"
