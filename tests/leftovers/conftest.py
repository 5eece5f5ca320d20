"""An account of the tests' own, with people who work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cloud import scene as scenes

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def staged() -> Iterator[scenes.Scene]:
    """Stage a scene for all tests of this process."""
    with scenes.staged() as made:
        yield made


@pytest.fixture
def scene(staged: scenes.Scene) -> scenes.Scene:
    """Return the scene with an empty account."""
    return staged.begin()
