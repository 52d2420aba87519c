"""18. The audit by the six rules of NetBird's guide, on the real servers."""

import pytest

from harness.plugin import verb


@pytest.fixture
def bad_key(scene):
    """What the guide warns of: made by hand, for ever, for everybody."""
    made = scene.netbird.create_key(f"everybody {scene.namespace}", expires_in=0)
    yield made
    scene.netbird.delete_key(made["id"])


def audit(scene, *words, **options):
    return verb(scene, "audit", "-A", *words, netbird=True, namespace=False, **options)


def graded(found, key_id):
    return next(each for each in found.json()["keys"] if each["keyID"] == key_id)


def test_18_each_key_is_graded(scene, operator, bad_key):
    good = scene.ready("good", type="one-off")["status"]["keyID"]
    usual = scene.ready("usual")["status"]["keyID"]
    found = audit(scene, "-o", "json")
    assert found.code == 0, found.err
    assert graded(found, good)["grade"] == "A"
    assert graded(found, usual)["grade"] == "B"
    worst = graded(found, bad_key["id"])
    assert worst["grade"] == "F" and worst["kind"] == "hand-made"
    assert {each["rule"]: each["met"] for each in worst["rules"]} == {
        "limit expiry": "no", "prefer one-off": "half", "set limits": "no",
        "revoke unused": "yes", "rotate": "no", "monitor": "no"}
    assert found.json()["worst"] == "F"


def test_18_a_gate_for_ci(scene, operator, bad_key):
    scene.ready("usual")
    assert audit(scene, "--fail-below", "C").code == 1
    assert audit(scene, "--fail-below", "F").code == 0
    # In one namespace only SetupKeys are graded.
    mine = verb(scene, "audit", "--fail-below", "B", netbird=True)
    assert mine.code == 0 and "everybody" not in mine.out, mine.out
    assert verb(scene, "audit", "--fail-below", "A", netbird=True).code == 1


def test_18_a_gate_does_not_open_without_netbird(scene, operator):
    scene.ready("usual")
    blind = verb(scene, "audit", "--fail-below", "F")
    assert blind.code == 3 and "graded from Kubernetes alone" in blind.line
    assert "usual" in blind.out


def test_18_reports(scene, operator, bad_key):
    scene.ready("usual")
    table = audit(scene).out
    assert table.splitlines()[0].startswith("GRADE   KIND") and "keys: A " in table
    report = audit(scene, "-o", "markdown").out
    assert report.startswith("# Audit of NetBird setup keys\n")
    assert f"| F | hand-made | everybody {scene.namespace} | no | half | no |" in report
    for found in (table, report):
        assert bad_key["key"] not in found and scene.secret_key("usual") not in found
