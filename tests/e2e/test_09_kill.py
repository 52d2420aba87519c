"""9. The process is killed in each window of the protocol, and answers are lost: no stray, no
missing key, and one POST per revision."""

import threading
from dataclasses import dataclass

import pytest

from harness.rules import kill_when_answered, kill_when_passed_on, kill_when_seen
from harness.wait import stays

WHEN = {"seen": kill_when_seen, "answered": kill_when_answered, "passed-on": kill_when_passed_on}
NAME = "struck"
SHORT = {"overlap": "2s"}


@dataclass(frozen=True)
class Window:
    """One write of the protocol, as the proxies see it."""
    server: str
    method: str
    path: str
    nth: int = 1

    def proxy(self, scene):
        return scene.kube_proxy if self.server == "kube" else scene.netbird_proxy

    def rule(self, scene, **what):
        return self.proxy(scene).rule(self.method, self.path, nth=self.nth, **what)


FINALIZER = Window("kube", "PATCH", rf"/setupkeys/{NAME}(\?|$)")
STATUS_1 = Window("kube", "PATCH|PUT", rf"/setupkeys/{NAME}/status")
STATUS_2 = Window("kube", "PATCH|PUT", rf"/setupkeys/{NAME}/status", 2)
POST = Window("netbird", "POST", r"^/api/setup-keys$")
PUT = Window("netbird", "PUT", r"^/api/setup-keys/")
DELETE = Window("netbird", "DELETE", r"^/api/setup-keys/")
SECRET = Window("kube", "POST|PATCH|PUT", r"/secrets(/|\?|$)")

ISSUE = {"finalizer": FINALIZER, "claim": STATUS_1, "POST": POST, "secret": SECRET,
         "record": STATUS_2}
ROTATE = {"claim": STATUS_1, "POST": POST, "secret": SECRET, "record": STATUS_2,
          "DELETE-old": DELETE}
REVOKE = {"PUT": PUT, "record": STATUS_1}
REMOVE = {"DELETE": DELETE, "finalizer": FINALIZER}


def windows(named):
    return [pytest.param(window, when, id=f"{name}-{kind}")
            for name, window in named.items() for kind, when in WHEN.items()]


def strike(scene, operator, window, when, trigger):
    """Lets the operator be killed in that window of what trigger() starts, then starts it again."""
    rule = window.rule(scene, **when(operator))
    trigger()
    rule.await_fired(30, scene.dump)
    operator.await_struck()
    for proxy in (scene.kube_proxy, scene.netbird_proxy):
        proxy.clear()
    operator.start()


@pytest.mark.parametrize("window, when", windows(ISSUE))
def test_09_killed_while_issuing(scene, operator, window, when):
    strike(scene, operator, window, when, lambda: scene.apply(NAME))
    scene.await_sound(NAME)
    assert len(scene.posts(NAME)) <= 2


@pytest.mark.parametrize("window, when", windows(ROTATE))
def test_09_killed_while_rotating(scene, operator, window, when):
    scene.ready(NAME, rotation=SHORT)
    before = scene.secret_key(NAME)
    strike(scene, operator, window, when,
           lambda: scene.kubectl.annotate("setupkey", NAME, rotate="one"))
    scene.await_revision(NAME, 2)
    found = scene.await_sound(NAME)
    assert scene.secret_key(NAME) != before
    assert found["status"]["lastHandledRotate"] == "one"
    assert len(scene.posts(NAME)) <= 3


@pytest.mark.parametrize("window, when", windows(REVOKE))
def test_09_killed_while_revoking(scene, operator, window, when):
    key_id = scene.ready(NAME)["status"]["keyID"]
    strike(scene, operator, window, when, lambda: scene.edit(NAME, revoked=True))
    scene.await_condition(NAME, "KeyValid", "False", "Revoked", 60)
    assert scene.netbird.key(key_id)["state"] == "revoked"
    assert len(scene.keys(NAME)) == 1


@pytest.mark.parametrize("window, when", windows(REMOVE))
def test_09_killed_while_deleting(scene, operator, window, when):
    scene.ready(NAME)
    strike(scene, operator, window, when, lambda: scene.kubectl.delete("setupkey", NAME))
    scene.await_gone("setupkey", NAME, 60)
    assert not scene.keys(NAME)
    scene.await_gone("secret", NAME)


LOST = {"POST": POST, "secret": SECRET, "claim": STATUS_1, "record": STATUS_2,
        "finalizer": FINALIZER}


@pytest.mark.parametrize("window", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("what", ("lose_answer", "lose_request"))
def test_09_lost_while_issuing(scene, operator, window, what):
    rule = window.rule(scene, **{what: True})
    scene.apply(NAME)
    rule.await_fired(30, scene.dump)
    scene.await_sound(NAME)
    assert operator.running()
    assert len(scene.posts(NAME)) <= 2


@pytest.mark.parametrize("what", ("lose_answer", "lose_request"))
def test_09_lost_put_of_groups(scene, operator, what):
    group = scene.group("changed")
    key_id = scene.ready(NAME)["status"]["keyID"]
    rule = PUT.rule(scene, **{what: True})
    scene.edit(NAME, autoGroups=[{"id": group["id"]}])
    rule.await_fired(30, scene.dump)
    found = scene.await_sound(NAME)
    assert scene.netbird.key(key_id)["auto_groups"] == [group["id"]]
    assert found["status"]["keyID"] == key_id


@pytest.mark.parametrize("what", ("lose_answer", "lose_request"))
def test_09_lost_delete(scene, operator, what):
    scene.ready(NAME)
    rule = DELETE.rule(scene, **{what: True})
    scene.kubectl.delete("setupkey", NAME)
    rule.await_fired(30, scene.dump)
    scene.await_gone("setupkey", NAME, 60)
    assert not scene.keys(NAME)


def test_09_crash_loop_does_not_pile_keys_up(scene, operator):
    """Killed after each of three POSTs: the burnt claims leave strays, which go in the end."""
    scene.apply("other")
    scene.await_sound("other")
    rule = POST.rule(scene, times=3, **kill_when_answered(operator))
    scene.apply(NAME)
    for _ in range(3):
        operator.await_struck(90)
        operator.launch()
    assert rule.acted == 3
    scene.await_sound(NAME, 120)
    assert len(scene.posts(NAME)) == 4
    scene.await_sound("other")
    assert len(scene.posts("other")) == 1


def test_09_late_post_makes_a_stray_that_goes(scene, operator):
    """The POST of a process that is dead lands after its successor has finished."""
    landing = threading.Event()
    rule = POST.rule(scene, seen=operator.strike, hold=landing)
    scene.apply(NAME)
    rule.await_fired(30, scene.dump)
    operator.await_struck()
    scene.netbird_proxy.clear()
    operator.start()
    found = scene.await_sound(NAME)
    landing.set()
    scene.await_("the late key is made", lambda: len(scene.posts(NAME)) == 2, NAME)
    assert scene.await_sound(NAME)["status"]["keyID"] == found["status"]["keyID"]


def test_09_deletion_waits_for_a_late_post(scene, operator):
    """Deleted while a POST is on its way: the key that it makes must not stay behind."""
    landing = threading.Event()
    rule = POST.rule(scene, seen=operator.strike, hold=landing)
    scene.apply(NAME)
    rule.await_fired(30, scene.dump)
    operator.await_struck()
    scene.netbird_proxy.clear()
    scene.kubectl.delete("setupkey", NAME)
    operator.start()
    # Long enough for a hasty operator to have let go; a sound one is still waiting.
    stays("the claim is waited out", lambda: scene.get(NAME) is not None, 3, explain=scene.dump)
    landing.set()
    scene.await_gone("setupkey", NAME, 120)
    assert not scene.keys(NAME)


def test_09_conflict_on_the_status_is_observed_again(scene, operator):
    """Somebody writes the SetupKey between the claim's read and its write."""
    rule = STATUS_1.rule(scene, seen=lambda: scene.kubectl.run(
        "label", "setupkey", NAME, "meanwhile=x"))
    scene.apply(NAME)
    rule.await_fired(30, scene.dump)
    scene.await_sound(NAME)
    assert len(scene.posts(NAME)) == 1


def test_09_secret_refused_does_not_pile_keys_up(scene, operator):
    """An admission hook refuses the Secret: the key stays in hand and no further one is made."""
    body = (b'{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden",'
            b'"message":"injected by admission","code":403}')
    rule = scene.kube_proxy.rule(SECRET.method, SECRET.path, times=None, status=403, body=body)
    scene.apply(NAME)
    rule.await_fired(30, scene.dump)
    stays("at most one key", lambda: len(scene.posts(NAME)) <= 1, 8, explain=scene.dump)
    scene.kube_proxy.clear()
    scene.await_sound(NAME, 120)
    assert len(scene.posts(NAME)) == 1
