"""Every query of the dashboard and every alert, in a real Prometheus that scrapes a real run: first
while all is well, then with SetupKeys in trouble, then with NetBird away."""
import json
import os
import time

import picture
import scenes
from stage import ROOT, dashboard_queries, wait_for

# These panels are empty by design while nothing is wrong and nothing was rotated.
EMPTY_WHEN_WELL = {"SetupKeys that are not Ready", "Rotations by reason"}


def empty_panels(prometheus):
    """Of the last two minutes, as Grafana asks for a span and not for a moment."""
    now = time.time()
    return {title for title, query in dashboard_queries()
            if not prometheus.ask("query_range", query=query, start=now - 120, end=now,
                                  step=1)["result"]}


def states(prometheus):
    return {name for name, rule in prometheus.alerts().items() if rule["state"] != "inactive"}


def test_while_all_is_well(site):
    wait_for("every other panel has data",
             lambda: empty_panels(site.prometheus) <= EMPTY_WHEN_WELL)
    assert empty_panels(site.prometheus) == EMPTY_WHEN_WELL
    rules = site.prometheus.alerts()
    assert {rule["health"] for rule in rules.values()} == {"ok"}
    assert not states(site.prometheus)


def test_with_setup_keys_in_trouble(site):
    scenes.troubled(site.sandbox)
    scenes.rotate(site.sandbox)
    scenes.lose_secret(site.sandbox)
    scenes.leave_stray(site.sandbox)
    wait_for("every panel has data", lambda: not empty_panels(site.prometheus))
    expected = {"NbkeysSetupKeyNotReady", "NbkeysSetupKeyExpiresSoon", "NbkeysSetupKeyNearlyUsedUp"}
    wait_for("their alerts are on their way", lambda: states(site.prometheus) == expected)
    named = {alert["labels"]["name"]
             for alert in site.prometheus.alerts()["NbkeysSetupKeyNotReady"]["alerts"]}
    assert named == {"homeless", "taken", "stopped"}
    # For README: NBKEYS_PICTURE=docs/dashboard.svg tests/monitoring/run.sh -k "well or trouble"
    if target := os.environ.get("NBKEYS_PICTURE"):
        scenes.busy(site.sandbox, picture.SPAN_S)
        (ROOT / target).write_text(picture.draw(site.prometheus), "utf-8")


def test_each_cause_was_told_once(site):
    told = [(e["involvedObject"]["name"], e["reason"]) for e in site.sandbox.events()
            if e["type"] == "Warning"]
    assert sorted(set(told)) == [("fleet", "SecretDataDrift"), ("homeless", "GroupNotFound"),
                                 ("stopped", "RevokedExternally"), ("taken", "SecretConflict")]
    assert len(told) == len(set(told)), "an event was repeated"
    log = [json.loads(line)["event"] for line in site.operator.log.read_text().splitlines()]
    assert {"secret_drift", "group_not_found", "secret_conflict", "key_revoked_externally",
            "key_issued", "key_rotated", "key_retired", "stray_deleted"} <= set(log)


def test_with_netbird_away(site):
    site.sandbox.fault(kind="answer", server="netbird", pattern=".*", status=503, times=100000)
    site.sandbox.call("kube", "DELETE",
                      "/apis/keys.netbird.io/v1alpha1/namespaces/default/setupkeys/worn")
    site.sandbox.is_reason("worn", "DeletionBlocked")
    expected = {"NbkeysAccountNotReady", "NbkeysSnapshotStale", "NbkeysDeletionBlocked"}
    wait_for("the alerts are on their way", lambda: expected <= states(site.prometheus))
    assert not empty_panels(site.prometheus)
    page = site.operator.metrics()
    assert "netbird_keys_account_ready_status 0" in page
    site.sandbox.end_faults()
    wait_for("all is as before", lambda: not {"NbkeysAccountNotReady", "NbkeysDeletionBlocked"}
             & states(site.prometheus))


def test_when_the_leader_is_gone(site):
    site.operator.end()
    wait_for("the standby takes over and tells of the SetupKeys", lambda: site.prometheus.query(
        'netbird_keys_setupkey_ready_status{name="fleet"} == 1'
        f' and on (instance) up{{instance="127.0.0.1:{site.standby.port}"}} == 1'))
    site.standby.end()
    wait_for("nobody tells anything", lambda: "NbkeysAbsent" in states(site.prometheus))
