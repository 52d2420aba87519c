"""22. What must hold while a trouble lasts, on real servers; tests/lasting shows the rest."""

import json
import time

import pytest

from harness.rules import netbird_error
from harness.scene import condition, reason_of, status_of
from harness.wait import stays

KEY_CALLS = "^/api/setup-keys"


def full_quota(scene):
    """By hand what the controller of quotas would write, which does not run here."""
    hard = {"secrets": "0"}
    scene.kubectl.create({"apiVersion": "v1", "kind": "ResourceQuota",
                          "metadata": {"name": "full"}, "spec": {"hard": hard}})
    scene.kubectl.run("patch", "resourcequota", "full", "--subresource=status", "--type=merge",
                      "--patch=" + json.dumps({"status": {"hard": hard, "used": hard}}))


def test_22_restarts_at_a_full_quota_leave_no_more_keys(scene, operator):
    full_quota(scene)
    names = [scene.apply(f"many-{number}") for number in range(12)]
    first = scene.await_("each is told", lambda: all(
        "quota" in (condition(scene.get(name), "Ready") or {"message": ""})["message"]
        for name in names) and sum(len(scene.keys(name)) for name in names), timeout=120)
    assert first <= len(names)
    for _ in range(3):
        operator.kill()
        operator.start()
        stays("no key more", lambda: sum(
            len(scene.keys(name)) for name in names) <= len(names), 8, 0.5, scene.dump)
    began = time.monotonic()
    stays("it is quiet", lambda: scene.kube_proxy.count(
        "POST|PATCH", scene.namespace, since=began) <= 12, 20, explain=scene.dump)
    scene.kubectl.delete("resourcequota", "full")
    for name in names:
        scene.await_sound(name, 300)


def test_22_an_immutable_secret_is_told_and_the_old_key_lives_on(scene, operator):
    old = scene.ready("frozen", rotation={"overlap": "0"})["status"]["keyID"]
    scene.kubectl.patch("secret", "frozen", {"immutable": True})
    scene.kubectl.annotate("setupkey", "frozen", rotate="one")
    found = scene.await_("it is told", lambda: next(
        (each for each in [scene.get("frozen")] if "immutable" in
         (condition(each, "Ready") or {"message": ""})["message"]), None), "frozen", 60)
    assert status_of(found, "Ready") == "False" and status_of(found, "Stalled") == "True"
    assert scene.netbird.key(old)["valid"], "peers enrol with the key that the Secret still holds"
    scene.kubectl.delete("secret", "frozen")
    assert scene.await_sound("frozen", 330)["status"]["keyID"] != old


@pytest.mark.parametrize("status", (403, 405, 500))
def test_22_a_refused_revocation_is_the_loudest(scene, operator, status):
    key = scene.ready("open")["status"]["keyID"]
    rule = scene.netbird_proxy.rule("PUT", f"{KEY_CALLS}/{key}$", times=None,
                                    **netbird_error(status, "not by you"))
    scene.edit("open", revoked=True)
    rule.await_fired(20, scene.dump)
    found = scene.await_("it is told", lambda: next(
        (each for each in [scene.get("open")] if reason_of(each) == "RevocationBlocked"), None),
        "open", 60)
    message = condition(found, "Ready")["message"]
    assert key in message and "enrol" in message
    assert any(each["reason"] == "RevocationBlocked" for each in scene.events("open"))
    scene.netbird_proxy.clear()
    scene.await_("it is revoked", lambda: not scene.netbird.key(key)["valid"], "open", 300)
    scene.await_condition("open", "KeyValid", "False", timeout=30)


def test_22_a_revocation_goes_before_all_else_under_netbirds_own_limiter(scene, another_netbird):
    limited = another_netbird(NB_API_RATE_LIMITING_ENABLED="true", NB_API_RATE_LIMITING_RPM="12",
                              NB_API_RATE_LIMITING_BURST="40")
    operator = scene.operator("--resync=2s", token_file=limited.token_file)
    operator.netbird_url = limited.server.url
    operator.start()
    first = scene.ready("first")["status"]["keyID"]
    names = [scene.apply(f"fleet-{number}") for number in range(60)]
    scene.await_("NetBird limits", lambda: any(
        reason_of(scene.get(name)) == "RateLimited" for name in names), timeout=120)
    scene.edit("first", revoked=True)
    # A permit comes each five seconds; whoever reads the key by hand would take one of them.
    scene.await_("it is revoked", lambda: scene.get("first")["status"].get("state") == "revoked",
                 "first", 90)
    assert first == scene.get("first")["status"]["keyID"]
    # Nobody ends sixty keys of a limited server by the way.
    operator.stop()


def test_22_another_accounts_token_changes_nothing(scene, another_netbird):
    operator = scene.operator("--resync=2s").start()
    names = [scene.apply(f"ours-{number}") for number in range(3)]
    keys = {name: scene.await_ready(name)["status"]["keyID"] for name in names}
    values = {name: scene.secret_key(name) for name in names}
    operator.stop()
    other = another_netbird()
    strange = scene.operator("--resync=2s", token_file=other.token_file)
    strange.netbird_url = other.server.url
    strange.start()
    for name in names:
        found = scene.await_condition(name, "Ready", "False", "AccountChanged", 60)
        assert "accept-account" in condition(found, "Ready")["message"]
    scene.kubectl.annotate("setupkey", names[0], rotate="one")
    scene.edit(names[1], revoked=True)
    stays("nothing is made there", lambda: other.api.keys() == [], 8, 0.5, scene.dump)
    assert {name: scene.secret_key(name) for name in names} == values
    strange.stop()
    operator.start()
    scene.await_revision(names[0], 2, 60)
    scene.await_("it is revoked", lambda: not scene.netbird.key(keys[names[1]])["valid"], names[1], 60)
    assert scene.await_sound(names[2])["status"]["keyID"] == keys[names[2]]
