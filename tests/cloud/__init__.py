"""A cloud that behaves like AWS: moto over HTTP, behind rules that refuse what AWS refuses.

A test takes `server.serving()`, a StrictCloud; its rules are its attributes, on unless said:

    keys          a new access key is unknown at first; a deleted or foreign one always
    model         calls of the product pass botocore's model, value by value
    tags          what it makes carries its tag in the create call; what moto drops is kept
    ubuntu        Canonical's public parameter and images
    pushed        SSH keys pushed by EC2 Instance Connect
    tokens        a launch with a ClientToken happens once
    launches      a launch names what is there
    capacity      zones without room or type, quota, free plan
    quotas        what Service Quotas and the Free Tier tell of these
    states        unseen, pending, running, shutting-down, terminated: counted in questions
    dependencies  a group in use stays
    addresses     Elastic IPs: few, unknown at first, not to be released while they are in use
    users         a user goes last
    simulation    IAM's simulator, by the policy that a test gives it
    buckets       names just deleted or foreign, 1,000 keys a call, errors inside a 200
    lag           new tags show late (off)

`faults` has rules for a test to put before them with `also`: throttling, 500s, lost answers,
resets, denials, an expired session. `filling.fill` fills a bucket in no time.

`account` is what the tests' own clients see, `front` and `server` serve HTTP, `request`, `reading`
and `model` turn a request into a `wire.Call`; `backends` reaches into moto's memory. `plans` holds
what `--dry-run` says against what is then done.
"""
