"""12. Two replicas: take-over when the leader dies, and a paused leader that comes back."""

import threading
import time

import pytest

from harness.wait import stays, until
from harness.world import OPERATOR_NAMESPACE

LEASE_SECONDS = 4
FLAGS = ("--resync=2s", "--leader-elect", f"--lease-namespace={OPERATOR_NAMESPACE}",
         "--renew-deadline=3s", "--retry-period=1s")


class Pair:
    """Two operators; `leader` got the lease first."""

    def __init__(self, scene, lease_seconds):
        self.kubectl = scene.world.kubectl.within(OPERATOR_NAMESPACE)
        self.kubectl.run("delete", "lease", "nbkeys", "--ignore-not-found")
        flags = (*FLAGS, f"--lease-duration={lease_seconds}s")
        self.leader = scene.operator(*flags).start()
        until("somebody leads", self.holder, explain=self.leader.log_tail)
        self.first_holder = self.holder()
        self.standby = scene.operator(*flags).start()

    def holder(self):
        lease = self.kubectl.get("lease", "nbkeys")
        return (lease or {}).get("spec", {}).get("holderIdentity") or None

    def await_take_over(self, timeout):
        until("the other leads", lambda: self.holder() not in (None, self.first_holder), timeout,
              explain=lambda: self.leader.log_tail() + self.standby.log_tail())


@pytest.fixture
def pair(scene):
    return Pair(scene, LEASE_SECONDS)


def test_12_only_the_leader_works(scene, pair):
    scene.ready("one")
    stays("the lease stays", lambda: pair.holder() == pair.first_holder, LEASE_SECONDS + 2)
    pair.standby.kill()
    scene.ready("two")
    assert pair.holder() == pair.first_holder
    assert len(scene.posts("one")) == 1 and len(scene.posts("two")) == 1


def test_12_killed_leader_is_succeeded_within_the_lease(scene, pair):
    scene.ready("before")
    pair.leader.kill()
    killed = time.monotonic()
    scene.apply("after")
    scene.await_ready("after")
    # The lease, two tries of the other, and what a busy machine takes for the key itself.
    assert time.monotonic() - killed < LEASE_SECONDS + 2 + 3
    pair.await_take_over(1)
    scene.await_sound("after")
    scene.await_sound("before")
    assert len(scene.posts("before")) == 1 and len(scene.posts("after")) == 1


def test_12_leader_that_ends_well_hands_over_at_once(scene):
    pair = Pair(scene, 30)
    scene.ready("before")
    assert pair.leader.stop() == 0
    pair.await_take_over(8)
    scene.ready("after")


def test_12_frozen_leader_does_no_harm(scene, pair):
    scene.ready("steady", rotation={"overlap": "2s"})
    pair.leader.freeze()
    pair.await_take_over(LEASE_SECONDS + 6)
    new_holder = pair.holder()
    scene.kubectl.annotate("setupkey", "steady", rotate="one")
    scene.apply("meanwhile")
    scene.await_revision("steady", 2)
    scene.await_sound("meanwhile")
    pair.leader.thaw()
    stays("the lease stays", lambda: pair.holder() == new_holder, LEASE_SECONDS + 2,
          explain=scene.dump)
    scene.await_sound("steady")
    scene.await_sound("meanwhile")
    assert len(scene.posts("steady")) == 2 and len(scene.posts("meanwhile")) == 1


WRITES = {
    "claim": ("kube", "PATCH|PUT", "/setupkeys/paused/status", 1),
    "POST": ("netbird", "POST", "^/api/setup-keys$", 1),
    "secret": ("kube", "POST|PATCH|PUT", r"/secrets(/|\?|$)", 1),
    "record": ("kube", "PATCH|PUT", "/setupkeys/paused/status", 2),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_12_leader_frozen_in_a_write_does_no_harm(scene, pair, write):
    """The leader is stopped with a write on its way; the write lands after the other has finished
    the same work, and then the leader goes on where it stood."""
    server, method, path, nth = write
    proxy = scene.kube_proxy if server == "kube" else scene.netbird_proxy
    landing = threading.Event()
    rule = proxy.rule(method, path, nth=nth, seen=pair.leader.freeze, hold=landing)
    scene.apply("paused")
    rule.await_fired(30, scene.dump)
    try:
        pair.await_take_over(LEASE_SECONDS + 6)
        scene.await_sound("paused", 90)
    finally:
        landing.set()
        pair.leader.thaw()
    scene.await_sound("paused", 90)
    stays("it stays sound", lambda: scene.unsound("paused", scene.get("paused")) is None, 6, 0.5,
          scene.dump)
    assert len(scene.posts("paused")) <= 2


def test_12_former_leader_takes_over_again(scene, pair):
    scene.ready("one")
    pair.leader.freeze()
    pair.await_take_over(LEASE_SECONDS + 6)
    pair.leader.thaw()
    if not pair.leader.running():
        pair.leader.start()
    pair.standby.kill()
    scene.apply("two")
    # A leader that ends when it has lost its lease is started again, as Kubernetes would do it.
    def probe():
        if not pair.leader.running():
            pair.leader.start()
        return scene.unsound("two", scene.get("two")) is None
    until("the first one works again", probe, 40, 0.5, scene.dump)
