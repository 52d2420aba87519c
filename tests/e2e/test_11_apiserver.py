"""11. kube-apiserver restarts under load, and watch history is gone: no event is missed, nothing
is issued twice."""

import threading

import pytest
import yaml

from harness import many
from harness.scene import setup_key
from harness.wait import stays, until

COUNT = 120


@pytest.fixture
def plane(world):
    """The control plane; whatever a test does to it, the API server runs afterwards."""
    yield world.control_plane
    if not world.control_plane.apiserver.running():
        world.control_plane.start_apiserver()


class Load(threading.Thread):
    """Creates SetupKeys one after the other, through every outage, until each one exists."""

    def __init__(self, scene, names):
        super().__init__(daemon=True)
        self.scene = scene
        self.names = names
        self.made = 0

    def run(self):
        for name in self.names:
            manifest = yaml.safe_dump(setup_key(name))
            until(f"{name} is taken", lambda manifest=manifest: self.scene.kubectl.try_apply(
                manifest).returncode == 0, 60, 0.2)
            self.made += 1


def test_11_restart_under_load(scene, operator, plane):
    names = many.names("load", COUNT)
    load = Load(scene, names)
    load.start()
    for made in (COUNT // 4, COUNT // 2):
        until(f"{made} are made", lambda made=made: load.made >= made, 90)
        plane.restart_apiserver()
    load.join(180)
    assert load.made == COUNT
    many.remember(scene)
    posts = many.await_sound(scene, names, 180)
    # A POST may be lost with a claim whose write had an unknown outcome; none may be repeated.
    assert len(posts) >= COUNT
    assert operator.running()


def test_11_killed_apiserver_loses_nothing(scene, operator, plane):
    names = many.names("burst", 60)
    many.create(scene, names)
    plane.apiserver.kill()
    plane.start_apiserver()
    many.await_sound(scene, names, 120)
    assert operator.running()


def test_11_compacted_history_is_noticed(scene, operator, plane):
    """Changes that no watch will ever tell of: the operator sleeps, history is compacted, and the
    restarted API server knows only the present."""
    for name in ("edited", "robbed", "removed", "idle"):
        scene.ready(name, rotation={"overlap": "2s"})
    operator.freeze()
    scene.edit("edited", usageLimit=5)
    scene.kubectl.delete("secret", "robbed")
    scene.kubectl.delete("setupkey", "removed")
    scene.apply("fresh")
    plane.compact()
    plane.restart_apiserver()
    plane.compact()
    thawed = scene.kube_proxy.seen()[-1].time
    operator.thaw()
    scene.await_revision("edited", 2)
    scene.await_revision("robbed", 2)
    for name in ("edited", "robbed", "fresh", "idle"):
        scene.await_sound(name)
    scene.await_gone("setupkey", "removed")
    assert not scene.keys("removed")
    assert len(scene.posts("idle")) == 1 and len(scene.posts("fresh")) == 1
    watches = scene.kube_proxy.seen("GET", "watch=(true|1)", since=thawed)
    assert any(each.gone or each.status == 410 for each in watches), watches


def test_11_broken_watches_miss_nothing(scene, operator):
    """The connections break while changes are made; nothing but the watch would tell of them."""
    scene.ready("here")
    for round_number in range(3):
        scene.kube_proxy.stop()
        scene.apply(f"unseen-{round_number}")
        scene.kube_proxy.start()
        scene.await_sound(f"unseen-{round_number}")
    assert len(scene.posts("here")) == 1


def test_11_too_many_requests_are_waited_out(scene, operator):
    """kube-apiserver's flow control answers 429 with Retry-After."""
    rule = scene.kube_proxy.rule("PATCH|POST", "/namespaces/", times=4, status=429,
                                 headers={"Retry-After": "1"}, body=b"{}")
    scene.apply("patient")
    rule.await_fired(20, scene.dump)
    scene.await_sound("patient", 90)
    assert len(scene.posts("patient")) == 1


def test_11_unchanged_resources_cost_no_write_after_a_relist(scene, operator, plane):
    names = many.names("calm", 20)
    scene.kubectl.create(*[setup_key(name) for name in names])
    many.remember(scene)
    many.await_sound(scene, names, 60)
    writes = ("POST|PUT|PATCH|DELETE", scene.namespace)
    until("the writes have come to rest", lambda: _at_rest(scene, writes), 20, 1)
    before = scene.kube_proxy.count(*writes)
    plane.restart_apiserver()
    stays("no write", lambda: scene.kube_proxy.count(*writes) == before, 6, explain=scene.dump)


def _at_rest(scene, writes):
    before = scene.kube_proxy.count(*writes)
    stays("no write", lambda: scene.kube_proxy.count(*writes) == before, 2)
    return True
