"""The product's own code in the tests' process, on the account that a scene is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import places
from mlflow_ops.aws import Aws
from mlflow_ops.names import Names
from mlflow_ops.settings import Settings
from mlflow_ops.stack import Stack
from mlflow_ops.target import AwsFiles, Ports, Target

from .scene import REGION

if TYPE_CHECKING:
    from .operator import Laptop
    from .scene import Scene


def stack_on(scene: Scene, laptop: Laptop) -> Stack:
    """Return the stack as that laptop's runs would know it."""
    files = AwsFiles(laptop.aws / "credentials", laptop.aws / "config")
    aws = Aws(scene.cloud.session, REGION, scene.cloud.endpoint)
    target = Target("aws", aws, files, Ports(), lambda: "127.0.0.1")
    names = Names("mlflow", target.account, REGION)
    return Stack(names, target, places.folder(Settings(home=laptop.ops), names))
