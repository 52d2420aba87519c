"""23. Whose is a key: a copy of the cluster at the same account, and a second installation for another
one. tests/lasting has what takes hours."""

import pytest

from harness.kubectl import Kubectl
from harness.kubernetes import write_kubeconfig
from harness.scene import condition, reason_of, status_of
from harness.wait import stays

NAMES = ("one", "two", "three")


class Clone:
    """A second API server on a copy of etcd, and an operator of its own at the same NetBird."""

    def __init__(self, scene):
        world = scene.world
        folder = world.folder / f"{scene.namespace}-clone"
        self.plane = world.control_plane.copy(folder)
        world.issued.token(self.plane.admin_token)
        self.kubectl = Kubectl(world.binaries / "kubectl", self.plane,
                               folder / "cache").within(scene.namespace)
        self.kubeconfig = write_kubeconfig(folder / "operator.kubeconfig", self.plane.url,
                                           self.plane.ca_file, self.plane.admin_token,
                                           "nbkeys-system")

    def operator(self, scene, *flags):
        made = scene.operator("--resync=2s", *flags)
        made.kubeconfig = self.kubeconfig
        return made.start()

    def get(self, name):
        return self.kubectl.get("setupkey", name)


@pytest.fixture
def clone(scene):
    """Of a cluster with three keys, whose operator goes on."""
    for name in NAMES:
        scene.apply(name, rotation={"overlap": "1h"})
    first = scene.operator("--resync=2s").start()
    for name in NAMES:
        scene.await_ready(name)
    made = Clone(scene)
    yield made
    for each in scene.operators:
        each.stop()
    made.plane.stop()
    assert first is scene.operators[0]


def ids(scene, name):
    return {key["id"] for key in scene.keys(name)}


def in_use(found):
    return found["status"]["keyID"]


def test_23_neither_ends_what_the_other_made(scene, clone):
    first, second = scene.operators[0], clone.operator(scene)
    shared = {name: in_use(clone.get(name)) for name in NAMES}
    for name in NAMES:
        scene.kubectl.annotate("setupkey", name, rotate="here")
        clone.kubectl.annotate("setupkey", name, rotate="there")
    ours = {name: in_use(scene.await_revision(name, 2)) for name in NAMES}
    theirs = {name: in_use(scene.await_("it rotates as well", lambda name=name: next(
        (each for each in [clone.get(name)] if each["status"]["revision"] == 2), None))) for name in NAMES}
    for name in NAMES:
        assert ids(scene, name) == {shared[name], ours[name], theirs[name]}
        scene.await_("the one tells of it", lambda name=name: status_of(
            scene.get(name), "UnknownKeys") == "True", name)
        scene.await_("and the other", lambda name=name: status_of(
            clone.get(name), "UnknownKeys") == "True", name)
        message = condition(scene.get(name), "UnknownKeys")["message"]
        assert theirs[name] in message and ours[name] not in message
        assert status_of(scene.get(name), "Ready") == "True"
        assert any(each["reason"] in ("UnknownOrigin", "SecondInstallation")
                   for each in scene.events(name))
    # A restart forgets what a process has met, and the first list shows what the other made.
    for operator in (first, second):
        operator.kill()
        operator.start()
    stays("all keys are there", lambda: all(
        ids(scene, name) == {shared[name], ours[name], theirs[name]} for name in NAMES),
        10, 0.5, scene.dump)
    # What is deleted in the copy ends what the copy made, and what both know of.
    clone.kubectl.delete("setupkey", "one", wait=False)
    scene.await_("only its own end", lambda: ids(scene, "one") == {ours["one"]}, "one", 60)
    # A person's word ends the rest.
    scene.kubectl.annotate("setupkey", "two", **{"end-keys": theirs["two"]})
    scene.await_("it is ended", lambda: theirs["two"] not in ids(scene, "two"), "two", 60)
    scene.await_("nothing is told any more", lambda: status_of(
        scene.get("two"), "UnknownKeys") is None, "two")
    scene.kubectl.annotate("setupkey", "three", **{"leave-keys": theirs["three"]})
    scene.await_("nothing is told any more", lambda: status_of(
        scene.get("three"), "UnknownKeys") is None, "three")
    assert theirs["three"] in ids(scene, "three")


def test_23_a_copy_with_another_identity_leaves_all_alone(scene, clone):
    shared = {name: in_use(clone.get(name)) for name in NAMES}
    clone.operator(scene, "--identity=copy")
    theirs = {name: in_use(scene.await_("the copy has a key of its own", lambda name=name: next(
        (each for each in [clone.get(name)] if each["status"]["revision"] == 2
         and status_of(each, "Ready") == "True"), None), timeout=120)) for name in NAMES}
    clone.kubectl.delete("setupkey", "one", wait=False)
    scene.await_("its own key is ended", lambda: clone.get("one") is None, timeout=60)
    stays("the keys of the first one stay", lambda: all(
        ids(scene, name) == {shared[name]} for name in NAMES), 5, 0.5, scene.dump)
    assert {key["id"] for key in scene.netbird.keys()} >= {theirs["two"], theirs["three"]}
    for name in NAMES:
        assert status_of(scene.get(name), "UnknownKeys") is None
        assert in_use(scene.get(name)) == shared[name]
    scene.netbird.delete_keys([theirs["two"], theirs["three"]])


def test_23_two_installations_for_two_accounts_issue_one_key(scene, another_netbird):
    other = another_netbird()
    here = scene.operator("--resync=2s")
    there = scene.operator("--resync=2s", token_file=other.token_file)
    there.netbird_url = other.server.url
    for each in (here, there):
        each.start()
    scene.apply("web")
    scene.await_("a key is issued", lambda: (scene.get("web").get("status") or {}).get("keyID"), "web")
    stays("it is the only one", lambda: len(scene.keys("web")) + len(other.api.keys()) == 1,
          20, 0.5, scene.dump)
    assert scene.get("web")["status"]["revision"] == 1
    assert any(each["reason"] == "AccountChanged" for each in scene.events("web")), reason_of(scene.get("web"))
