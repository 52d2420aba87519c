"""9. What the kills at each step, which tests/chaos makes on these servers, do not meet by themselves:
crash after crash at one step, POSTs that land late, and servers that refuse."""

import threading

from harness.rules import kill_when_answered
from harness.wait import stays

NAME = "struck"
POST = ("POST", r"^/api/setup-keys$")
STATUS = ("PATCH|PUT", rf"/setupkeys/{NAME}/status")
SECRET = ("POST|PATCH|PUT", r"/secrets(/|\?|$)")


def test_09_crash_loop_does_not_pile_keys_up(scene, operator):
    """Killed after each of three POSTs: the burnt claims leave strays, which go in the end."""
    scene.apply("other")
    scene.await_sound("other")
    rule = scene.netbird_proxy.rule(*POST, times=3, **kill_when_answered(operator))
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
    rule = scene.netbird_proxy.rule(*POST, seen=operator.strike, hold=landing)
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
    rule = scene.netbird_proxy.rule(*POST, seen=operator.strike, hold=landing)
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
    rule = scene.kube_proxy.rule(*STATUS, seen=lambda: scene.kubectl.run(
        "label", "setupkey", NAME, "meanwhile=x"))
    scene.apply(NAME)
    rule.await_fired(30, scene.dump)
    scene.await_sound(NAME)
    assert len(scene.posts(NAME)) == 1


def test_09_secret_refused_does_not_pile_keys_up(scene, operator):
    """An admission hook refuses the Secret: the key stays in hand and no further one is made."""
    body = (b'{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden",'
            b'"message":"injected by admission","code":403}')
    rule = scene.kube_proxy.rule(*SECRET, times=None, status=403, body=body)
    scene.apply(NAME)
    rule.await_fired(30, scene.dump)
    stays("at most one key", lambda: len(scene.posts(NAME)) <= 1, 8, explain=scene.dump)
    scene.kube_proxy.clear()
    scene.await_sound(NAME, 120)
    assert len(scene.posts(NAME)) == 1
