"""The checker's own test: worlds in which exactly one thing is wrong, and it says which."""

import base64
import copy
import hashlib

import pytest

from checker import Seen, judge, owner_mark

NOW = 1_800_000_000.0
EARLIER, LATER = "2027-01-15T07:59:59Z", "2027-01-15T08:00:10Z"
UIDS = ("uid-a", "uid-b", "uid-c")


def plain(number, revision):
    return f"{number:04X}{revision}BCD-0000-4000-8000-00000000000{number}"


def digest(value):
    return hashlib.sha256(value.encode()).hexdigest()


def key(number, revision, **fields):
    value = plain(number, revision)
    return {"id": f"id-{number}-{revision}", "key": value[:5] + "****",
            "name": f"name [k8s-{owner_mark(UIDS[number])}-r{revision}]", "valid": True,
            "state": "valid", "usage_limit": 0, "type": "reusable", "auto_groups": None, **fields}


def setup_key(number, revision):
    ready = {"type": "Ready", "status": "True", "reason": "Issued"}
    return {
        "metadata": {"name": f"name-{number}", "namespace": "ns", "uid": UIDS[number],
                     "generation": 3, "annotations": {"keys.netbird.io/rotate": "x"}},
        "spec": {"type": "reusable", "secretTemplate": {"labels": {"a": "b"}}},
        "status": {"observedGeneration": 3, "conditions": [ready], "lastHandledRotate": "x",
                   "keyID": f"id-{number}-{revision}", "revision": revision,
                   "keyDigest": digest(plain(number, revision))}}


def secret(number, revision):
    value = plain(number, revision)
    return {
        "metadata": {
            "name": f"name-{number}", "namespace": "ns",
            "labels": {"keys.netbird.io/setupkey-uid": UIDS[number], "a": "b"},
            "ownerReferences": [{"uid": UIDS[number], "controller": True}],
            "annotations": {"keys.netbird.io/key-id": f"id-{number}-{revision}",
                            "keys.netbird.io/digest": digest(value)}},
        "data": {"setup-key": base64.b64encode(value.encode()).decode()}}


@pytest.fixture
def seen():
    """Three SetupKeys, all well; the last of them has an older key in overlap."""
    revisions = (1, 4, 2)
    keys = [key(number, revision) for number, revision in enumerate(revisions)]
    keys += [key(2, 1), {**key(0, 1), "id": "foreign", "name": "made by hand"}]
    found = Seen([setup_key(n, r) for n, r in enumerate(revisions)],
                 [secret(n, r) for n, r in enumerate(revisions)], keys,
                 [each["name"] for each in keys[:4]],
                 {f"id-{n}-{r}": digest(plain(n, r)) for n, r in enumerate(revisions)}, NOW)
    found.setup_keys[2]["status"]["previousKeys"] = [
        {"keyID": "id-2-1", "revision": 1, "retireAt": LATER}]
    return found


def drop_setup_key(seen):
    del seen.setup_keys[1]
    del seen.secrets[1]


def revoke(seen, **fields):
    seen.setup_keys[0]["spec"]["revoked"] = True
    seen.setup_keys[0]["status"]["conditions"] = [
        {"type": "Ready", "status": "False", "reason": "Revoked"}]
    seen.keys[0].update(fields)


def foreign_value(seen, number, value):
    seen.secrets[number]["data"]["setup-key"] = base64.b64encode(value.encode()).decode()


def same_prefix(seen):
    """A key that begins alike: NetBird's masked list cannot tell it, the record can."""
    other = plain(0, 1)[:5] + plain(1, 4)[5:]
    foreign_value(seen, 0, other)
    seen.setup_keys[0]["status"]["keyDigest"] = digest(other)
    seen.secrets[0]["metadata"]["annotations"]["keys.netbird.io/digest"] = digest(other)


WRONG = {
    "stray of a live SetupKey": (lambda s: s.keys.append(key(1, 3)), {"stray"}),
    "stray of a newer revision": (lambda s: s.keys.append(key(1, 5)), {"stray"}),
    "key of a deleted SetupKey": (drop_setup_key, {"stray"}),
    "two keys of one revision": (
        lambda s: s.keys.append({**key(0, 1), "id": "twin"}), {"stray"}),
    "key missing": (lambda s: s.keys.pop(1), {"missing"}),
    "key revoked": (lambda s: s.keys[1].update(valid=False, state="revoked"), {"dead"}),
    "previous key overdue": (lambda s: s.setup_keys[2]["status"]["previousKeys"][0].update(
        retireAt=EARLIER), {"overdue"}),
    "no Secret": (lambda s: s.secrets.pop(0), {"no secret"}),
    "Secret without the entry": (lambda s: s.secrets[0].update(data={"other": "eA=="}),
                                 {"no secret"}),
    "another key in the Secret": (lambda s: foreign_value(s, 0, "F" * 36),
                                  {"wrong key", "digest"}),
    "a key that begins alike": (same_prefix, {"wrong key"}),
    "wrong digest in status": (lambda s: s.setup_keys[0]["status"].update(
        keyDigest=digest("x")), {"digest"}),
    "wrong digest at the Secret": (lambda s: s.secrets[0]["metadata"]["annotations"].update(
        {"keys.netbird.io/digest": digest("x")}), {"digest"}),
    "Secret names another key": (lambda s: s.secrets[2]["metadata"]["annotations"].update(
        {"keys.netbird.io/key-id": "id-2-1"}), {"other key"}),
    "Secret of another owner": (lambda s: s.secrets[0]["metadata"].update(
        ownerReferences=[{"uid": "uid-x", "controller": True}]), {"owner"}),
    "Secret without its SetupKey": (lambda s: s.secrets.append(
        {**copy.deepcopy(secret(0, 1)), "metadata": {
            "name": "left", "namespace": "ns",
            "labels": {"keys.netbird.io/setupkey-uid": "uid-z"}}, "data": {}}), {"orphan"}),
    "one key in two Secrets": (lambda s: foreign_value(s, 1, plain(0, 1)),
                               {"wrong key", "digest", "shared"}),
    "template not applied": (lambda s: s.secrets[0]["metadata"]["labels"].update(a="c"),
                             {"template"}),
    "not Ready": (lambda s: s.setup_keys[0]["status"]["conditions"][0].update(status="False"),
                  {"unsettled"}),
    "claim left open": (lambda s: s.setup_keys[0]["status"].update(claim={"revision": 2}),
                        {"unsettled"}),
    "rotation not handled": (lambda s: s.setup_keys[0]["metadata"]["annotations"].update(
        {"keys.netbird.io/rotate": "y"}), {"unsettled"}),
    "edit not observed": (lambda s: s.setup_keys[0]["metadata"].update(generation=4),
                          {"unsettled"}),
    "deletion hangs": (lambda s: s.setup_keys[0]["metadata"].update(deletionTimestamp=EARLIER),
                       {"deleting"}),
    "revoked and yet good": (revoke, {"unrevoked"}),
    "limit not applied": (lambda s: s.setup_keys[0]["spec"].update(usageLimit=7), {"settings"}),
    "groups not applied": (lambda s: s.setup_keys[0]["spec"].update(
        autoGroups=[{"id": "g"}]), {"settings"}),
    "status of another revision": (lambda s: s.setup_keys[0]["status"].update(revision=2),
                                   {"revision"}),
    "a revision POSTed twice": (lambda s: s.posted.append(key(2, 2)["name"]), {"twice"}),
}


def test_a_sound_world_has_no_findings(seen):
    assert judge(seen) == []


@pytest.mark.parametrize("spoil, expected", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_found_and_nothing_else(seen, spoil, expected):
    spoil(seen)
    assert {each.what for each in judge(seen)} == expected


def test_a_revoked_setup_key_is_sound_when_its_key_is(seen):
    revoke(seen, valid=False, state="revoked")
    seen.setup_keys[0]["metadata"]["annotations"]["keys.netbird.io/rotate"] = "later"
    del seen.secrets[0]
    assert judge(seen) == []
    del seen.keys[0]
    assert judge(seen) == []


def test_a_finding_names_what_to_look_for_in_the_journal(seen):
    seen.keys.append(key(1, 3))
    [finding] = judge(seen)
    assert {"name-1", "id-1-3", owner_mark("uid-b")} <= set(finding.needles)
    assert str(finding).startswith("stray: ns/name-1: ")
