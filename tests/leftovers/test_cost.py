"""What a standing stack costs, as `status` tells it beside all else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cloud.wire import refusal

if TYPE_CHECKING:
    from cloud.scene import Scene
    from cloud.wire import Answer, Ask, Call


def test_status_tells_the_cost_in_a_line_and_asks_aws_two_things_for_it(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    asked: list[str] = []

    def listening(call: Call, ask: Ask) -> Answer:
        asked.append(str(call))
        return ask()

    def denied(call: Call, ask: Ask) -> Answer:
        said = "You are not authorized to perform: ec2:DescribeVolumes"
        stays = call.operation == "DescribeVolumes"
        return refusal(call, "UnauthorizedOperation", said, 403) if stays else ask()

    with scene.cloud.also(listening):
        ended = scene.operator.run(laptop, "status", "--json")
    assert ended.code == 0
    told = json.loads(ended.output[ended.output.index("{") :])["cost"]
    # A t3.micro, a disk of 8 GB and a public address.
    assert told["usd_day"] == pytest.approx(0.2496 + 8 * 0.08 / 30.4 + 0.12)
    assert 0 <= told["usd_so_far"] < 0.01
    assert "About 0.39 USD a day; about <0.01 USD so far, without the bucket" in ended.output
    assert asked.count("ec2:DescribeVolumes") == 1
    assert not [call for call in asked if call.startswith("pricing:") or "ListObject" in call]
    # What only the cost is told from ends nothing when it is not to be had.
    with scene.cloud.also(denied):
        ended = scene.operator.run(laptop, "status")
    assert ended.code == 0
    assert "What it costs could not be told: " in ended.output
