"""1. Applying a SetupKey yields a Secret with a key that a real NetBird peer enrols with."""

import statistics
import time

from harness.kubectl import KubectlError
from harness.scene import condition

DAY = 24 * 3600


def seconds_until_secret(scene, name):
    scene.apply(name)
    started = time.monotonic()
    scene.await_(f"secret {name}", lambda: scene.kubectl.get("secret", name), name,
                 interval=0.02)
    return time.monotonic() - started


def test_01_secret_within_a_second(scene, operator):
    # The median, so that one hiccup of a busy machine is no failure.
    took = [seconds_until_secret(scene, f"quick-{number}") for number in range(5)]
    assert statistics.median(took) < 1.0, took


def test_01_secret_is_labelled_annotated_and_owned(scene, operator):
    found = scene.ready("server-fleet")
    secret = scene.secret("server-fleet")
    uid = found["metadata"]["uid"]
    assert secret["metadata"]["labels"]["keys.netbird.io/setupkey-uid"] == uid
    assert secret["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "nbkeys"
    annotations = secret["metadata"]["annotations"]
    assert annotations["keys.netbird.io/key-id"] == found["status"]["keyID"]
    assert annotations["keys.netbird.io/revision"] == str(found["status"]["revision"])
    owner = secret["metadata"]["ownerReferences"]
    assert [(each["uid"], each["controller"]) for each in owner] == [(uid, True)]
    scene.await_sound("server-fleet")


def test_01_real_peer_enrols_and_is_counted(scene, operator):
    found = scene.ready("server-fleet")
    peer = scene.enrol("fleet", scene.secret_key("server-fleet"))
    peer.await_enrolled(scene.netbird)
    key_id = found["status"]["keyID"]
    assert scene.netbird.key(key_id)["used_times"] == 1
    scene.await_("usedTimes is 1 after the next resync",
                 lambda: scene.get("server-fleet")["status"].get("usedTimes") == 1,
                 "server-fleet")
    assert scene.get("server-fleet")["status"]["lastUsed"]


def test_01_one_off_key_is_used_and_done(scene, operator):
    scene.ready("contractor", type="one-off")
    peer = scene.enrol("contractor", scene.secret_key("contractor"))
    peer.await_enrolled(scene.netbird)
    found = scene.await_condition("contractor", "KeyValid", "False", "Used")
    assert condition(found, "Ready")["reason"] == "Used"
    assert condition(found, "Ready")["status"] == "True"


def test_01_settings_at_netbird_equal_the_spec(scene, operator):
    by_id, by_name = scene.group("by-id"), scene.group("by-name")
    found = scene.ready(
        "full", name="CI runners", type="reusable", usageLimit=7, expiresIn="48h",
        ephemeral=True, allowExtraDnsLabels=True,
        autoGroups=[{"id": by_id["id"]}, {"name": by_name["name"]}])
    key = scene.netbird.key(found["status"]["keyID"])
    assert key["name"].startswith("CI runners ~") and key["name"].endswith("-r1]")
    assert (key["type"], key["usage_limit"]) == ("reusable", 7)
    assert key["ephemeral"] and key["allow_extra_dns_labels"]
    assert sorted(key["auto_groups"]) == sorted([by_id["id"], by_name["id"]])
    assert key["state"] == "valid"
    assert key["expires"][:16] == found["status"]["expiresAt"][:16]
    expires = time.mktime(time.strptime(key["expires"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert abs(expires - time.time() - 2 * DAY) < 120


def test_01_defaults_and_one_off_reach_netbird(scene, operator):
    plain = scene.netbird.key(scene.ready("plain")["status"]["keyID"])
    assert (plain["type"], plain["usage_limit"], plain["ephemeral"]) == ("reusable", 0, False)
    assert plain["name"].startswith("plain ~")
    once = scene.netbird.key(scene.ready("once", type="one-off")["status"]["keyID"])
    assert (once["type"], once["usage_limit"]) == ("one-off", 1)


def test_01_never_expiring_key(scene, operator):
    found = scene.ready("for-ever", expiresIn="0")
    assert scene.netbird.key(found["status"]["keyID"])["state"] == "valid"
    assert not found["status"].get("expiresAt")


def test_01_secret_name_key_and_template_are_honoured(scene, operator):
    scene.ready("router", secretName="router-key", secretKey="NB_SETUP_KEY", secretTemplate={
        "labels": {"team": "edge"}, "annotations": {"note": "by hand"},
        "data": {"NB_MANAGEMENT_URL": "https://netbird.example"}})
    secret = scene.secret("router-key")
    assert secret["metadata"]["labels"]["team"] == "edge"
    assert secret["metadata"]["annotations"]["note"] == "by hand"
    assert set(secret["data"]) == {"NB_SETUP_KEY", "NB_MANAGEMENT_URL"}
    peer = scene.enrol("router", scene.secret_key("router-key", "NB_SETUP_KEY"))
    peer.await_enrolled(scene.netbird)


def test_01_kubectl_get_shows_the_columns(scene, operator):
    scene.ready("shown")
    header, row = scene.kubectl.run("get", "nbsk", "shown").splitlines()
    assert header.split() == [
        "NAME", "READY", "REASON", "STATE", "SECRET", "USED", "EXPIRES", "AGE"]
    cells = row.split()
    assert cells[:6] == ["shown", "True", "Issued", "valid", "shown", "0"]
    assert cells[6] == scene.get("shown")["status"]["expiresAt"]
    assert "shown" in scene.kubectl.run("get", "netbird")


def test_01_kubectl_wait_returns(scene, operator):
    scene.apply("awaited")
    out = scene.kubectl.run("wait", "--for=condition=Ready", "--timeout=20s", "nbsk/awaited")
    assert "condition met" in out


def test_01_kubectl_explain_teaches(scene):
    try:
        out = scene.kubectl.run("explain", "setupkeys.spec.rotation", "--recursive=false",
                                "--api-version=keys.netbird.io/v1alpha1")
    except KubectlError as error:
        raise AssertionError(f"kubectl explain: {error}") from error
    for field in ("policy", "renewBefore", "overlap", "usagePercent"):
        assert field in out
    assert "How long a replaced key" in out


def test_01_event_tells_that_a_key_was_issued(scene, operator):
    scene.ready("told")
    events = scene.await_("an event", lambda: scene.events("told"), "told")
    assert any(each["reason"] == "Issued" for each in events), events


def test_01_operator_ends_well_on_sigterm(scene, operator):
    scene.ready("before")
    assert operator.stop() == 0, operator.log_tail()
    scene.apply("while-away")
    operator.start()
    scene.await_sound("while-away")
    scene.await_sound("before")
    assert len(scene.posts("before")) == 1
