"""The strict cloud: moto over HTTP, behind rules that refuse what AWS refuses."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from moto.ec2.models import elastic_ip_addresses, elastic_network_interfaces
from werkzeug.serving import make_server

from . import images
from .account import Account
from .front import Front, Handler
from .rules import bucket_policies
from .rules.addresses import Addresses
from .rules.bucket_policies import BucketPolicies
from .rules.buckets import Buckets
from .rules.capacity import Capacity
from .rules.dependencies import Dependencies
from .rules.keys import NewKeys
from .rules.lag import Lag
from .rules.launches import Launches
from .rules.model import Model
from .rules.parameters import PushedKeys, Ubuntu
from .rules.profiles import Profiles
from .rules.quotas import Quotas
from .rules.simulation import Simulation
from .rules.states import States
from .rules.tags import Tags
from .rules.tokens import Tokens
from .rules.users import Users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .wire import Rule


class StrictCloud(Account):
    """A running strict cloud; its rules are attributes to be switched, and `reset` sets them back.

    `rules` are asked in their order, the first being the outermost: those that a test has put on,
    then AWS's own, from who is asking to what there is.
    """

    def __init__(self, endpoint: str, address: str = "127.0.0.1") -> None:
        super().__init__(endpoint)
        self.extra: list[Rule] = []
        self._address = address
        self.fresh()

    def fresh(self) -> None:
        """Make each rule as it was at first; those that a test has put on stay."""
        self.keys, self.model, self.tags = NewKeys(), Model(), Tags()
        self.ubuntu, self.pushed, self.tokens = Ubuntu(), PushedKeys(), Tokens()
        self.launches, self.capacity, self.states = Launches(), Capacity(), States()
        self.dependencies, self.users, self.buckets = Dependencies(), Users(), Buckets()
        self.lag, self.bucket_policies = Lag(), BucketPolicies()
        self.profiles, self.simulation = Profiles(), Simulation()
        self.addresses = Addresses(drawn=self._address)
        self.quotas = Quotas(self.capacity, self.addresses)
        self.lent = self._address

    @property
    def rules(self) -> list[Rule]:
        """Return the rules, the outermost first."""
        return [
            *self.extra,
            *(self.keys, self.model, self.tags, self.ubuntu, self.pushed),
            *(self.tokens, self.launches, self.profiles, self.capacity, self.addresses),
            *(self.states, self.quotas, self.simulation),
            *(self.dependencies, self.users, self.buckets, self.bucket_policies),
            self.lag,
        ]

    @contextmanager
    def also(self, rule: Rule) -> Iterator[None]:
        """Put a rule before all others while the context lasts."""
        self.extra.insert(0, rule)
        try:
            yield
        finally:
            self.extra.remove(rule)

    def pushed_keys(self, instance_id: str) -> list[str]:
        """Return the SSH keys that were pushed to an instance within the last minute."""
        return self.pushed.of(instance_id)


@contextmanager
def serving(address: str = "127.0.0.1", at: str = "127.0.0.1") -> Iterator[StrictCloud]:
    """Serve a cloud at an address, `at`; its instances get the other instead of a random one.

    A test may have AWS lend another one (`lent`), or give out another Elastic IP.

    moto keeps its state in the process: one cloud per process, and it starts empty.
    """
    images.install()
    bucket_policies.install()
    cloud = StrictCloud("", address)
    # moto has no setting for either.
    elastic_network_interfaces.random_public_ip = lambda: cloud.lent  # type: ignore[attr-defined]  # it is imported there
    elastic_ip_addresses.random_ip = lambda: cloud.addresses.drawn  # type: ignore[attr-defined]  # likewise
    front = Front(lambda: cloud.rules, cloud.fresh)
    server = make_server(at, 0, front, threaded=True, request_handler=Handler)
    cloud.endpoint = f"http://{at}:{server.port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        cloud.reset()
        yield cloud
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
