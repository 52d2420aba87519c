"""What Argo CD and Flux show of a SetupKey in each state, judged on objects of real runs."""

import copy
import re

import pytest
import yaml

from judge import HEALTH, OBJECTS, ROOT, collected, judge

# State: Argo CD's health, Flux's status.
EXPECTED = {
    "no-operator-yet": ("Progressing", "InProgress"),
    "progressing": ("Progressing", "InProgress"),
    "issued": ("Healthy", "Current"),
    # A routine rotation shows nowhere, neither while it goes on nor afterwards.
    "rotating": ("Healthy", "Current"),
    "rotated": ("Healthy", "Current"),
    "spec-not-seen": ("Progressing", "InProgress"),
    "spec-under-way": ("Progressing", "InProgress"),
    # Work that is done, although nobody can enrol with these keys.
    "used": ("Healthy", "Current"),
    "revoked": ("Healthy", "Current"),
    "revoked-before-its-first-key": ("Healthy", "Current"),
    # Heals by itself.
    "deleted-externally": ("Progressing", "InProgress"),
    "rate-limited": ("Progressing", "InProgress"),
    "api-error": ("Progressing", "InProgress"),
    "api-error-for-long": ("Progressing", "InProgress"),
    # Waits for a person.
    "revoked-externally": ("Degraded", "Failed"),
    "overused": ("Degraded", "Failed"),
    "expired": ("Degraded", "Failed"),
    "group-not-found": ("Degraded", "Failed"),
    "secret-conflict": ("Degraded", "Failed"),
    "invalid-spec": ("Degraded", "Failed"),
    "account-not-ready": ("Degraded", "Failed"),
    "account-changed": ("Degraded", "Failed"),
    "repair-limited": ("Degraded", "Failed"),
    "revocation-blocked": ("Degraded", "Failed"),
    "retirement-blocked": ("Degraded", "Failed"),
    # What a copy of the cluster does takes nothing from this one.
    "unknown-origin": ("Healthy", "Current"),
    "second-installation": ("Healthy", "Current"),
    "suspended": ("Suspended", "Current"),
    # To Flux a key that will not come is a failure, whoever wanted it so.
    "suspended-before-its-first-key": ("Suspended", "Failed"),
    "deleting": ("Progressing", "Terminating"),
    "deletion-blocked": ("Progressing", "Terminating"),
}


@pytest.fixture(scope="module")
def verdicts():
    lines = judge("health", HEALTH, *sorted(OBJECTS.glob("*.yaml")))
    return {line["file"].removesuffix(".yaml"): line for line in lines}


def test_every_collected_object_is_expected_and_the_other_way_round(verdicts):
    assert set(verdicts) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_health(verdicts, name):
    found = verdicts[name]
    assert (found["argo"], found["flux"]) == EXPECTED[name]
    # Argo CD does not ask the script about what is being deleted; it would say the same.
    assert found["lua"] == found["argo"]
    assert found["message"]


def test_the_objects_show_every_reason():
    source = (ROOT / "src" / "status" / "conditions.cc").read_text(encoding="utf-8")
    reasons = set(re.findall(r'return "(\w+)";', source))
    shown = {condition["reason"] for path in OBJECTS.glob("*.yaml")
             for condition in collected(path.stem)["status"].get("conditions", [])}
    assert len(reasons) >= 18
    assert reasons - shown == set()


@pytest.mark.parametrize("name", [name for name, (argo, _) in EXPECTED.items()
                                  if argo in ("Degraded", "Healthy")])
def test_the_message_is_the_condition_s(verdicts, name):
    ready = [each for each in collected(name)["status"]["conditions"] if each["type"] == "Ready"]
    assert verdicts[name]["message"] == ready[0]["message"]


def changed(tmp_path, name, change):
    """The verdict on a collected object after a change."""
    made = copy.deepcopy(collected(name))
    change(made)
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump(made), encoding="utf-8")
    return judge("health", HEALTH, path)[0]


# Each change is one thing less than a real object has, or one thing later.
CHANGES = {
    "no status": lambda o: o.pop("status"),
    "no conditions": lambda o: o["status"].pop("conditions"),
    "empty conditions": lambda o: o["status"].update(conditions=[]),
    "no observedGeneration": lambda o: o["status"].pop("observedGeneration"),
    "an older generation observed": lambda o: o["metadata"].update(
        generation=o["metadata"]["generation"] + 1),
    "deleted": lambda o: o["metadata"].update(deletionTimestamp="2026-01-01T00:00:00Z"),
    "Ready unknown": lambda o: o["status"]["conditions"][0].update(status="Unknown"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ("issued", "rotating", "used"))
def test_progressing_where_the_status_does_not_tell(tmp_path, name, change):
    assert changed(tmp_path, name, CHANGES[change])["lua"] == "Progressing"


@pytest.mark.parametrize("name", ("group-not-found", "expired", "suspended"))
def test_an_older_status_never_shows_as_trouble(tmp_path, name):
    found = changed(tmp_path, name, CHANGES["an older generation observed"])
    assert (found["argo"], found["flux"]) == ("Progressing", "InProgress")


def test_not_ready_without_a_word_about_progress_is_degraded(tmp_path):
    def change(o):
        o["status"]["conditions"] = [c for c in o["status"]["conditions"] if c["type"] != "Stalled"]
    assert changed(tmp_path, "overused", change)["argo"] == "Degraded"


def test_stalled_is_degraded_whatever_ready_says(tmp_path):
    """As for Flux; the operator itself sets Ready to False then."""
    def change(o):
        o["status"]["conditions"][0]["status"] = "True"
    found = changed(tmp_path, "overused", change)
    assert (found["argo"], found["flux"]) == ("Degraded", "Failed")
