"""Where this machine knows stacks of one name: a folder for each account and region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.errors import WrongPlace
from mlflow_ops.folder import Folder

if TYPE_CHECKING:
    from mlflow_ops.names import Names
    from mlflow_ops.settings import Settings

Place = tuple[str, str]


def folder(settings: Settings, names: Names) -> Folder:
    """Return the local files of the stack in this account and region."""
    return Folder(settings.folder / f"{names.account}.{names.region}")


def known(settings: Settings) -> list[Place]:
    """Return each account and region where this machine has a stack of the name."""
    found = settings.folder.iterdir() if settings.folder.is_dir() else ()
    parts = (path.name.partition(".") for path in found if path.is_dir())
    return sorted((account, region) for account, dot, region in parts if dot)


def forget(settings: Settings) -> None:
    """Remove the local files of every stack of the name."""
    for account, region in known(settings):
        found = Folder(settings.folder / f"{account}.{region}")
        found.lock.unlink(missing_ok=True)
        found.forget(settings.home)


def check(settings: Settings, names: Names) -> None:
    """Raise WrongPlace when the name is known from elsewhere only, and nobody said to look here.

    A stack in another region of the account wants --region said, one in another account --profile.
    """
    elsewhere = known(settings)
    if not elsewhere or (names.account, names.region) in elsewhere:
        return
    near = [place for place in elsewhere if place[0] == names.account]
    if settings.region if near else settings.profile:
        return
    account, region = (near or elsewhere)[0]
    cure = (
        f"say --region {region} for that one, or --region {names.region} for another one here"
        if near
        else "name the account that you mean with --profile, or take another --name"
    )
    raise WrongPlace(
        f"The stack {names.stack!r} of this machine stands in account {account}, {region}, but "
        f"this command looks in account {names.account}, {names.region}: {cure}."
    )
