"""The proxy's settings as text, and what is said of a domain."""

from __future__ import annotations

import pytest

from mlflow_ops.errors import BadOption
from mlflow_ops.reach import domain_name
from mlflow_ops.records import Instance
from mlflow_ops.server import caddy, caddy_unit
from mlflow_ops.settings import Options

DOMAIN = "mlflow.example.org"
HERE = Instance("i-1", address="203.0.113.7", ipv6="2001:db8::7")
LOG = (
    '{"level":"error","logger":"tls.obtain","msg":"will retry","error":"x"}\n'
    '{"logger":"acme","problem":{"type":"urn:ietf:params:acme:error:connection",'
    '"detail":"203.0.113.7: Fetching http://mlflow.example.org/: \\"refused\\"","instance":""}}\n'
)


def said(*found: str) -> str:
    return domain_name.advice(DOMAIN, HERE, lambda _: set(found))


def test_the_settings_name_the_domain_and_nothing_listens_but_for_it() -> None:
    settings = caddy.Proxy(DOMAIN, 5000).settings()
    assert f"https://{DOMAIN}:5000 {{" in settings
    assert "reverse_proxy 127.0.0.1:5001" in settings
    for wanted in ("admin off", "auto_https disable_redirects", "strict_sni_host on", "h1 h2"):
        assert wanted in settings
    assert "issuer acme {" in settings


def test_another_authority_is_named_by_its_directory() -> None:
    url = "https://acme.example.org/directory"
    assert f'issuer acme "{url}" {{' in caddy.Proxy(DOMAIN, 5000, url).settings()


@pytest.mark.parametrize(
    "url", ["http://a.example", 'https://a"', "https://a b", "https://{$HOME}"]
)
def test_no_url_can_add_to_the_settings(url: str) -> None:
    with pytest.raises(BadOption, match="--acme-directory"):
        Options(acme_directory=url)


def test_the_unit_may_do_nothing_but_listen_on_low_ports() -> None:
    capabilities = [line for line in caddy_unit.UNIT_TEXT.splitlines() if "Capabilit" in line]
    assert {line.partition("=")[2] for line in capabilities} == {"CAP_NET_BIND_SERVICE"}
    assert "DynamicUser=yes" in caddy_unit.UNIT_TEXT


def test_a_domain_that_leads_to_the_instance_alone_needs_no_advice() -> None:
    assert said("203.0.113.7") == ""
    assert said("203.0.113.7", "2001:db8::7") == ""


def test_the_advice_names_the_record() -> None:
    assert "leads nowhere yet" in said()
    assert "one A record with 203.0.113.7," in said()
    assert "leads to 198.51.100.1," in said("198.51.100.1")
    both = said("203.0.113.7", "2001:db8::9")
    assert "leads to 2001:db8::9, 203.0.113.7," in both or "203.0.113.7, 2001:db8::9" in both
    assert "no AAAA record but 2001:db8::7" in both


def test_the_authoritys_refusal_is_found_in_the_log() -> None:
    assert "Fetching http://mlflow.example.org/" in caddy.refusal(LOG)
    assert caddy.refusal("nothing of the kind") == ""
