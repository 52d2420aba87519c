"""How to bring a SetupKey into each state that a user can meet, on the real servers.

Each function takes a Scene, leaves the SetupKey in that state and returns it. Whatever must be
undone is given to `scene.undo`."""

import json
import threading
import time

from harness.rules import netbird_error

NETBIRD = (".*", "^/api/")
POST = ("POST", "^/api/setup-keys$")
LIST = ("GET", "^/api/setup-keys$")
OVERLAP = {"overlap": "1h"}


def held(scene, *request):
    """A rule that holds such a request until the end of the scene."""
    released = threading.Event()
    scene.undo.append(released.set)
    return scene.netbird_proxy.rule(*request, hold=released, times=None)


def no_operator_yet(scene):
    scene.apply("fresh")
    return scene.get("fresh")


def progressing(scene):
    scene.run()
    rule = held(scene, *POST)
    scene.apply("fresh")
    rule.await_fired()
    return scene.await_condition("fresh", "Reconciling", "True")


def issued(scene):
    scene.run()
    return scene.ready("fleet")


def rotating(scene):
    scene.run()
    scene.ready("fleet", rotation=OVERLAP)
    rule = held(scene, *POST)
    scene.kubectl.annotate("setupkey", "fleet", rotate="one")
    rule.await_fired()
    return scene.await_condition("fleet", "Rotating", "True")


def rotated(scene):
    scene.run()
    scene.ready("fleet", rotation=OVERLAP)
    scene.kubectl.annotate("setupkey", "fleet", rotate="one")
    return scene.await_revision("fleet", 2)


def spec_not_seen(scene):
    operator = scene.run()
    scene.ready("fleet")
    operator.stop()
    scene.edit("fleet", usageLimit=7)
    return scene.get("fleet")


def spec_under_way(scene):
    """The old key still works while one for the new spec is being issued."""
    scene.run()
    scene.ready("fleet")
    rule = held(scene, *POST)
    scene.edit("fleet", usageLimit=7)
    rule.await_fired()
    return scene.await_condition("fleet", "Rotating", "True")


def used(scene):
    scene.run()
    scene.ready("contractor", type="one-off")
    scene.enrol("contractor", scene.secret_key("contractor")).await_enrolled(scene.netbird)
    return scene.await_condition("contractor", "KeyValid", "False", "Used")


def revoked(scene):
    scene.run()
    scene.ready("fleet")
    scene.edit("fleet", revoked=True)
    return scene.await_condition("fleet", "Ready", "True", "Revoked")


def revoked_before_its_first_key(scene):
    scene.run()
    scene.apply("fleet", revoked=True)
    return scene.await_condition("fleet", "Ready", "True", "Revoked")


def revoked_externally(scene):
    scene.run()
    scene.netbird.revoke_key(scene.ready("fleet")["status"]["keyID"])
    return scene.await_condition("fleet", "Ready", "False", "RevokedExternally")


def deleted_externally(scene):
    scene.run()
    found = scene.ready("fleet")
    rule = held(scene, *POST)
    scene.netbird.delete_key(found["status"]["keyID"])
    rule.await_fired()
    return scene.await_condition("fleet", "KeyValid", "False", "DeletedExternally")


def overused(scene):
    scene.run()
    scene.ready("fleet", usageLimit=1)
    scene.enrol("fleet", scene.secret_key("fleet")).await_enrolled(scene.netbird)
    return scene.await_condition("fleet", "Ready", "False", "Overused")


def expired(scene):
    """NetBird's shortest lifetime is a day, so its list is made to say that the day has passed."""
    scene.run()
    found = scene.ready("fleet", expiresIn="1d", rotation={"policy": "Disabled"})
    keys = scene.netbird.keys()
    for each in keys:
        if each["id"] == found["status"]["keyID"]:
            each.update(state="expired", valid=False, expires="2024-01-01T00:00:00Z")
    scene.netbird_proxy.rule(*LIST, times=None, status=200, body=json.dumps(keys).encode())
    return scene.await_condition("fleet", "Ready", "False", "Expired")


def group_not_found(scene):
    scene.run()
    scene.apply("fleet", autoGroups=[{"name": "no such group"}])
    return scene.await_condition("fleet", "Stalled", "True", "GroupNotFound")


def secret_conflict(scene):
    scene.run()
    scene.kubectl.run("create", "secret", "generic", "fleet", "--from-literal=a=b")
    scene.apply("fleet")
    return scene.await_condition("fleet", "Stalled", "True", "SecretConflict")


def invalid_spec(scene):
    scene.run()
    scene.netbird_proxy.rule(*POST, times=None, **netbird_error(422, "usage limit is too big"))
    scene.apply("fleet")
    return scene.await_condition("fleet", "Stalled", "True", "InvalidSpec")


def troubled(scene, status, message, reason):
    scene.run()
    scene.ready("before")
    scene.netbird_proxy.rule(*NETBIRD, times=None, **netbird_error(status, message))
    scene.apply("fleet")
    return scene.await_condition("fleet", "Ready", "False", reason)


def account_not_ready(scene):
    return troubled(scene, 401, "token invalid", "AccountNotReady")


def rate_limited(scene):
    return troubled(scene, 429, "rate limit exceeded", "RateLimited")


def api_error(scene):
    return troubled(scene, 500, "internal error", "APIError")


def api_error_for_long(scene):
    """A key that worked is not vouched for any more once the last list is three resyncs old."""
    scene.run()
    scene.ready("fleet")
    scene.netbird_proxy.rule(*NETBIRD, times=None, **netbird_error(500, "internal error"))
    return scene.await_condition("fleet", "Ready", "False", "APIError")


def suspended(scene):
    scene.run()
    scene.ready("fleet")
    scene.edit("fleet", suspend=True)
    return scene.await_condition("fleet", "Ready", "True", "Suspended")


def suspended_before_its_first_key(scene):
    scene.run()
    scene.apply("fleet", suspend=True)
    return scene.await_condition("fleet", "Ready", "False", "Suspended")


def deleting(scene):
    scene.run()
    scene.ready("fleet")
    rule = held(scene, "DELETE", "^/api/setup-keys/")
    scene.kubectl.delete("setupkey", "fleet")
    rule.await_fired()
    return scene.get("fleet")


def deletion_blocked(scene):
    scene.run()
    scene.ready("fleet")
    scene.netbird_proxy.rule(*NETBIRD, times=None, **netbird_error(500, "internal error"))
    scene.kubectl.delete("setupkey", "fleet")
    return scene.await_condition("fleet", "Ready", "False", "DeletionBlocked")


def key_of_a_copy(scene, reason):
    """With the SetupKey's mark, and a ticket that its status does not know."""
    scene.netbird.create_key(f"fleet ~aaaaaaaa {scene.mark('fleet')}2]")
    return scene.await_condition("fleet", "UnknownKeys", "True", reason)


def unknown_origin(scene):
    scene.run()
    scene.ready("fleet")
    return key_of_a_copy(scene, "UnknownOrigin")


def second_installation(scene):
    scene.run()
    scene.ready("fleet")
    time.sleep(125)  # so long after the operator began it knows that it is not alone
    return key_of_a_copy(scene, "SecondInstallation")


STATES = (
    no_operator_yet, progressing, issued, rotating, rotated, spec_not_seen, spec_under_way, used,
    revoked, revoked_before_its_first_key, revoked_externally, deleted_externally, overused,
    expired, group_not_found, secret_conflict, invalid_spec, account_not_ready, rate_limited,
    api_error, api_error_for_long, suspended, suspended_before_its_first_key, deleting,
    deletion_blocked, unknown_origin, second_installation)
