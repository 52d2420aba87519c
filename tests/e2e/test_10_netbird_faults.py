"""10. NetBird answers errors, garbage or nothing: back-off, conditions, recovery, no flapping."""

import json
import time

import pytest

from harness.process import Process
from harness.rules import netbird_error
from harness.scene import condition, reason_of, status_of
from harness.wait import stays

ALL = (".*", "^/api/")
FAULTS = {
    "401": netbird_error(401, "token invalid"),
    "403": netbird_error(403, "permission denied"),
    "429": netbird_error(429, "rate limit exceeded, please try again later"),
    "500": netbird_error(500, "internal error"),
    "503": netbird_error(503, "unavailable"),
    "garbage": {"status": 200, "body": b"<html>this is a portal</html>"},
    "empty": {"status": 200, "body": b""},
    "closed": {"lose_request": True},
    "nothing": {"hang": True},
}
REASONS = {"401": {"AccountNotReady"}, "403": {"AccountNotReady"}, "429": {"RateLimited"}}


class ReadyLog:
    """What `kubectl get --watch` shows of Ready while a test goes on."""

    def __init__(self, scene, name):
        path = '{.status.conditions[?(@.type=="Ready")].status}{"\\n"}'
        self.path = scene.world.folder / f"{scene.namespace}-{name}.ready"
        self.process = Process("kubectl", scene.kubectl.argv(
            "get", "setupkey", name, "--watch", f"--output=jsonpath={path}"), self.path,
            env=scene.kubectl.env()).start()
        scene.await_("the watch shows something", self.values)

    def values(self):
        return set(self.path.read_text().split())

    def stop(self):
        self.process.kill()
        return self.values()


@pytest.mark.parametrize("fault", FAULTS)
def test_10_new_resource_waits_backs_off_and_recovers(scene, operator, fault):
    scene.ready("before")
    scene.netbird_proxy.rule(*ALL, times=None, **FAULTS[fault])
    scene.apply("during")
    # Longer than a request may hang, which shows only when it has timed out.
    found = scene.await_condition("during", "Ready", "False", timeout=60)
    scene.await_("the condition names the cause",
                 lambda: reason_of(scene.get("during")) in
                 REASONS.get(fault, {"APIError", "AccountNotReady"}), "during", 60)
    assert condition(found, "Ready")["message"]
    started = time.monotonic()
    stays("it backs off",
          lambda: scene.netbird_proxy.count(*ALL, since=started) <= 12, 6, explain=scene.dump)
    assert operator.running()
    scene.netbird_proxy.clear()
    scene.await_sound("during", 120)
    scene.await_sound("before")
    assert len(scene.posts("during")) == 1 and len(scene.posts("before")) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_10_ready_does_not_flap(scene, fault):
    # The last good list is younger than three resyncs all the time that the fault lasts.
    scene.operator("--resync=5s").start()
    scene.ready("steady")
    log = ReadyLog(scene, "steady")
    rule = scene.netbird_proxy.rule(*ALL, times=None, **FAULTS[fault])
    rule.await_fired(20, scene.dump)
    stays("Ready stays True",
          lambda: status_of(scene.get("steady"), "Ready") == "True", 8, 0.5, scene.dump)
    scene.netbird_proxy.clear()
    assert log.stop() == {"True"}
    scene.kubectl.annotate("setupkey", "steady", rotate="after")
    scene.await_revision("steady", 2, 120)
    assert len(scene.posts("steady")) == 2


def test_10_retry_after_is_honoured(scene, operator):
    scene.ready("before")
    wait = {"headers": {"Retry-After": "7"}, **netbird_error(429)}
    rule = scene.netbird_proxy.rule(*ALL, **wait)
    rule.await_fired(20, scene.dump)
    first = scene.netbird_proxy.seen(*ALL)[-1]
    scene.await_("the next call", lambda: scene.netbird_proxy.count(*ALL, since=first.time) > 1)
    second = scene.netbird_proxy.seen(*ALL, since=first.time)[1]
    assert second.time - first.time >= 6.5


def test_10_one_refused_post_is_tried_again(scene, operator):
    """422 is final for a spec; 500 is not, and may have made a key."""
    rule = scene.netbird_proxy.rule("POST", "^/api/setup-keys$", **netbird_error(500))
    scene.apply("retried")
    rule.await_fired(20, scene.dump)
    scene.await_sound("retried", 90)
    assert len(scene.posts("retried")) == 1


def test_10_new_token_is_used_at_the_next_call(scene):
    old_id, old = scene.netbird.create_token(f"old-{scene.namespace}")
    _, new = scene.netbird.create_token(f"new-{scene.namespace}")
    name = f"token-{scene.namespace}"
    token_file = scene.world.write_token(name, old)
    scene.operator("--resync=2s", token_file=token_file).start()
    scene.ready("before")
    scene.world.write_token(name, new)
    written = time.monotonic()
    scene.await_("a call with the new token", lambda: any(
        each.authorization == f"Token {new}" for each in scene.netbird_proxy.seen()), timeout=15)
    # A moment for what was on its way, and for the replaced file to be noticed.
    late = [each for each in scene.netbird_proxy.seen(since=written + 1.5)
            if each.authorization != f"Token {new}"]
    assert not late
    scene.netbird.delete_token(old_id)
    scene.ready("after")


def test_10_bad_token_recovers_when_the_file_is_replaced(scene):
    _, good = scene.netbird.create_token(f"good-{scene.namespace}")
    name = f"token-{scene.namespace}"
    token_file = scene.world.write_token(name, good)
    # As above: the last good list must not grow older than three resyncs meanwhile.
    operator = scene.operator("--resync=20s", token_file=token_file).start()
    scene.ready("before")
    scene.world.write_token(name, "nbp_" + "x" * 36)
    scene.await_("the bad token is refused", lambda: any(
        each.status == 401 for each in scene.netbird_proxy.seen()))
    scene.apply("during")
    scene.await_condition("during", "Ready", "False", "AccountNotReady")
    assert status_of(scene.get("before"), "Ready") == "True"
    scene.world.write_token(name, good)
    scene.await_sound("during", 20)
    assert operator.running()


def test_10_deleted_token_is_not_a_missing_key(scene):
    """NetBird answers 404 to every call with a token that has been deleted, as it does for a key
    that is not there. Taking the one for the other would lose track of a living key."""
    token_id, token = scene.netbird.create_token(f"gone-{scene.namespace}")
    name = f"token-{scene.namespace}"
    token_file = scene.world.write_token(name, token)
    scene.operator("--resync=2s", token_file=token_file).start()
    key_id = scene.ready("kept")["status"]["keyID"]
    scene.ready("removed")
    scene.netbird.delete_token(token_id)
    scene.kubectl.delete("setupkey", "removed")
    stays("the deletion waits", lambda: scene.get("removed") is not None, 6, explain=scene.dump)
    found = scene.get("kept")
    assert found["status"]["keyID"] == key_id and found["status"]["state"] == "valid"
    scene.world.write_token(name, scene.netbird.create_token(f"again-{scene.namespace}")[1])
    scene.await_gone("setupkey", "removed", 60)
    assert not scene.keys("removed")
    scene.await_sound("kept")
    assert len(scene.posts("kept")) == 1


def test_10_message_of_netbird_reaches_the_condition(scene, operator):
    rule = scene.netbird_proxy.rule("POST", "^/api/setup-keys$", times=None,
                                    **netbird_error(422, "quota of setup keys reached"))
    scene.apply("told")
    rule.await_fired(20, scene.dump)
    scene.await_("the message is shown", lambda: "quota of setup keys reached" in json.dumps(
        (scene.get("told").get("status") or {}).get("conditions", [])), "told")
    scene.netbird_proxy.clear()
