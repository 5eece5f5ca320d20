"""A real host that stands in for the EC2 instance, and a test cloud that hands it out.

The machine is this computer's own Linux release, built from its own package sources, with systemd
as PID 1, sshd, cloud-init and 1 GiB of memory: what `RunInstances` gives, but booted in seconds
and without a cent. `cloud.py` is the strict cloud whose instance is such a machine.

A test asks for `machine` (off until it is booted), for `machine_cloud` (the cloud and the AWS
environment that leads to it; launching boots the machine) or, in `shared`, for `stack` (a whole
stack on it, made once for all tests that leave it whole), and for a time-out long enough to build
the root, should it be the first. It is skipped, with the reason, where no machine can run.

Where things are:

    kinds.py       what a machine can do, and the one place that chooses the kind
    nspawn.py      the only kind so far: systemd-nspawn on an overlay, in a network of its own
    supervisor.py  the commands that run it and reach into it
    image.py       the root all nspawn machines start from, built once and cached
    inherited.py   what it takes over from this computer: certificates, proxies, package indexes
    seed.py        what EC2 tells an instance at boot: its key, its user data
    network.py     a loopback address of its own, and the way out through this computer's network
    cgroup.py      its 1 GiB, and the list of its processes
    slots.py       one address per machine; sweeping up after a test run that was killed
    tools.py       the Debian packages all this needs
    cloud.py       the strict cloud, with `instance.py` between its instance and the machine
    launch.py      launching and SSH, for tests of the machine itself
    operator.py    the person at the command line, who has the login
    stranger.py    one on another computer, who has not; `knock.py` is what they ask with
    routes.py      every route of the server
    browser.py     a headless Chromium, spoken to by `devtools.py`
    shared/        the tests of one stack that stands for all of them, and for no other test
    acme.py        a certificate authority, and names that lead where a test says

To add a kind (a container, a virtual machine): write a class with the methods of
`kinds.Machine` and a module with the two functions of `kinds.Kind`, and add it to `kinds.KINDS`.
No test outside `test_nspawn.py` names a kind; `test_the_machine.py` and `test_the_cloud.py` hold
the promises any kind has to keep.

Where it differs from EC2: `free` and /proc/meminfo show this computer's memory, though the limit
is 1 GiB; `swapon` is refused; there is no metadata service at 169.254.169.254; security groups are
the cloud's and stop nobody.

Environment: MLFLOW_OPS_TEST_REBUILD=1 builds the root anew; MLFLOW_OPS_TEST_MACHINE=<kind>
insists on one kind; XDG_CACHE_HOME moves the cached root.
"""
