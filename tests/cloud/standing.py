"""What the account holds, from moto's own state: asking over HTTP would take too long."""

from __future__ import annotations

from . import backends

ACCOUNT, REGION = backends.ACCOUNT, "us-east-1"
Held = dict[str, set[str]]
WITH_A_ROLE = {"roles": 1, "profiles": 1}
ONE_OF_EACH = {
    "instances": 1,
    "volumes": 1,
    "interfaces": 1,
    "groups": 1,
    "key_pairs": 1,
    "users": 1,
    "access_keys": 1,
    "buckets": 1,
}


def held(region: str = REGION) -> Held:
    """Return what the account holds, by kind."""
    ec2, users = backends.ec2(region), backends.iam().users
    return {
        "instances": {one.id for one in backends.instances(region)},
        "volumes": set(ec2.volumes),
        "interfaces": set(ec2.enis),
        "snapshots": {key for key, one in ec2.snapshots.items() if one.owner_id == ACCOUNT},
        "addresses": {each.allocation_id for each in ec2.addresses},
        "groups": {group for vpc in ec2.groups.values() for group in vpc},
        "key_pairs": {pair.id for pair in ec2.key_pairs.values()},
        "users": set(users),
        "access_keys": {key.access_key_id for one in users.values() for key in one.access_keys},
        "roles": {one.name for one in backends.iam().roles.values()},
        "profiles": set(backends.iam().instance_profiles),
        "buckets": set(backends.s3().buckets),
    }


def tags(identifier: str, region: str = REGION) -> dict[str, str]:
    """Return the tags of a thing of EC2's."""
    return dict(backends.ec2(region).tags[identifier])


def wipe(gone: Held) -> None:
    """Clear away these things, and what ended before, faster than any `down` could."""
    ec2 = backends.ec2(REGION)
    for one in backends.instances(REGION):
        one.terminate()
    forget_the_dead()
    ec2.addresses.clear()
    pairs = {pair.id: name for name, pair in ec2.key_pairs.items()}
    for kind, things in (("volumes", ec2.volumes), ("interfaces", ec2.enis)):
        for each in gone.get(kind, ()):
            things.pop(each, None)
    for each in gone.get("key_pairs", ()):
        del ec2.key_pairs[pairs[each]]
    for vpc in ec2.groups.values():
        for each in gone.get("groups", set()) & set(vpc):
            del vpc[each]
    iam = backends.iam()
    _clear(iam.users, iam.roles, iam.instance_profiles)
    for name, bucket in list(backends.s3().buckets.items()):
        bucket.keys.clear()
        backends.s3().delete_bucket(name)


def _clear(*kinds: dict[str, object]) -> None:
    for things in kinds:
        things.clear()


def forget_the_dead() -> None:
    """Let moto forget the terminated instances, as AWS does after an hour."""
    reservations = backends.ec2(REGION).reservations
    for key, reservation in list(reservations.items()):
        if all(one.state == "terminated" for one in reservation.instances):
            del reservations[key]
