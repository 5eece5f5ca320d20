"""A stack with a domain: a certificate from an ACME authority, by the real protocol."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from . import acme, browser
from .launch import answers
from .operator import UP, Operator, Ran, working
from .shared.test_browser import SEARCH
from .shared.test_stranger import LOG_A_RUN
from .stranger import Stranger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from . import kinds

DOMAIN = "mlflow.test"
URI = f"https://{DOMAIN}:5000"
LISTENING = "ss -Hltn | awk '{print $4}' | sort"
ABOUT = (
    "pid=$(systemctl show -p MainPID --value mlflow-caddy); grep -E '^(Uid|CapEff|CapBnd|NoNew)' "
    "/proc/$pid/status; grep ^Pss: /proc/$pid/smaps_rollup"
)


class Story:
    """What happened until the stack stood."""

    first: Ran
    second: Ran
    operator: Operator
    authority: acme.Authority


@pytest.fixture(scope="module")
def story(machine_kind: kinds.Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Make a stack with a domain whose record comes only when `up` has asked for it."""
    folder = tmp_path_factory.mktemp("operator")
    found = Story()
    with (
        working(machine_kind, folder) as operator,
        acme.authority(operator.machine, tmp_path_factory.mktemp("acme")) as found.authority,
    ):
        authority, machine = found.authority, operator.machine
        trusting = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(authority.root))
        found.operator = replace(operator, before=authority.knowing, more=trusting)
        asked = (*UP, "--domain", DOMAIN, "--acme-directory", authority.directory)
        found.first = found.operator(*asked)
        authority.trusted_by(machine)
        authority.name(DOMAIN, machine.address)
        found.second = found.operator(*asked)
        yield found
        assert found.operator("down", "--yes").code == 0


@pytest.fixture
def stranger(story: Story, tmp_path: Path) -> Stranger:
    """Give a stranger."""
    return Stranger(story.operator.machine, tmp_path)


def test_up_says_which_record_the_domain_needs_and_goes_on_when_it_is_there(story: Story) -> None:
    address = story.operator.machine.address
    assert story.first.code == 3
    assert f"{DOMAIN} leads nowhere yet" in story.first.err
    assert f"one A record with {address}" in story.first.err
    assert story.second.code == 0, story.second.err
    assert story.second.document["tracking_uri"] == URI
    assert story.operator("status").code == 0
    again = story.operator(*UP)
    assert again.code == 0, again.err
    assert again.document["tracking_uri"] == URI


def test_only_the_proxy_is_to_be_reached_and_port_80_only_while_a_certificate_is_made(
    story: Story,
) -> None:
    machine = story.operator.machine
    ports = machine.run(LISTENING).split()
    assert "127.0.0.1:5001" in ports
    assert not any(port.endswith(":80") for port in ports)
    assert answers(machine.address, 5000)
    assert not answers(machine.address, 5001)


def test_the_proxy_is_nobody_who_may_only_listen_on_low_ports(story: Story) -> None:
    about = dict(
        line.split(":", 1) for line in story.operator.machine.run(ABOUT).splitlines() if line
    )
    assert int(about["Uid"].split()[0]) >= 61184  # systemd's range for users of one service
    assert about["CapEff"].strip() == about["CapBnd"].strip() == f"{1 << 10:016x}"
    assert about["NoNewPrivs"].strip() == "1"
    assert int(about["Pss"].split()[0]) < 100 << 10


def test_the_login_stands_behind_the_proxy_too(story: Story, stranger: Stranger) -> None:
    address, root = story.operator.machine.address, str(story.authority.root)
    curl = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", root)
    here = ("--resolve", f"{DOMAIN}:5000:{address}", f"{URI}/api/2.0/mlflow/users/current")
    assert stranger.run(*curl, *here).out == "401"
    assert stranger.run(*curl, "-H", "Host: attacker.example", *here).out == "421"
    assert stranger.run(*curl, f"http://{address}:5000/").out == "400"


def test_the_stock_client_and_a_browser_trust_it_as_any_public_server(
    story: Story, stranger: Stranger
) -> None:
    exports = story.operator.exports()
    assert exports["MLFLOW_TRACKING_URI"] == URI
    assert "MLFLOW_TRACKING_SERVER_CERT_PATH" not in exports
    knowing, trusting = story.authority.knowing, story.operator.more
    there = replace(stranger, before=knowing)
    ran = there.python(LOG_A_RUN, {**exports, **trusting})
    assert ran.code == 0, ran.err
    assert "from afar" in ran.out.splitlines()
    browser.install()
    browser.trust(stranger.home, story.authority.root)
    login = exports["MLFLOW_TRACKING_USERNAME"], exports["MLFLOW_TRACKING_PASSWORD"]
    before = [*story.operator.machine.stranger(), *knowing]
    with browser.opened(before, stranger.home, login) as page:
        assert page.look(f"{URI}/#/experiments") == ""
        page.shows("Default")
        assert page.run(SEARCH) == [200, 1]
        assert page.complaints() == []


def test_a_stack_that_gives_its_domain_up_has_no_proxy_any_more(story: Story) -> None:
    machine = story.operator.machine
    up = story.operator(*UP, "--tls")
    assert up.code == 0, up.err
    assert up.document["tracking_uri"] == f"https://{machine.address}:5000"
    assert machine.run("systemctl is-active mlflow-caddy || true").strip() == "inactive"
    again = story.operator(*UP, "--domain", DOMAIN)
    assert again.code == 0, again.err
    assert again.document["tracking_uri"] == URI
