"""An operator takes over what the release before has made, and gives it back, without a new key."""
import os
from pathlib import Path

import pytest

from stage import BUILD, KEYS, SECRETS, Stage

BEFORE = Path(os.environ["NBKEYS_BEFORE"])
pytestmark = pytest.mark.skipif(not os.environ["NBKEYS_BEFORE"],
                                reason="a shallow clone has no release before: git fetch --unshallow")
NOW = BUILD / "nbkeys"
RESYNC = "1s"
LISTS = 4  # each operator sees the keys so often before it is judged

SPECS = {
    "plain": "{}",
    "named": "{name: A fleet of servers, expiresIn: 90d, usageLimit: 40}",
    "grouped": "{autoGroups: [{name: servers}, {name: laptops}]}",
    "one-off": "{type: one-off}",
    "ephemeral": "{ephemeral: true, allowExtraDnsLabels: true}",
    "never-ending": "{expiresIn: \"0\"}",
    "by-usage": "{usageLimit: 10, rotation: {usagePercent: 80, overlap: 2h}}",
    "by-time": "{rotation: {interval: 48h, overlap: 1h}}",
    "elsewhere": "{secretName: another-name, secretKey: key}",
    "labelled": "{secretTemplate: {labels: {team: a}, annotations: {note: kept}, "
                "data: {url: \"https://netbird.example\"}}}",
    "rotated": "{rotation: {overlap: 24h}}",
    "revoked": "{}",
    "suspended": "{}",
    "left": "{deletionPolicy: Retain}",
}


class World(Stage):
    """The sandbox, and operators of both releases on it."""

    def __init__(self):
        super().__init__()
        self.operators = {}

    def run(self, binary):
        self.operators[binary] = self.launch(binary, RESYNC)

    def end(self, binary):
        running = self.operators.pop(binary)
        running.terminate()
        assert running.wait(timeout=30) == 0, self.operator_log()[-2000:]

    def close(self):
        for running in self.operators.values():
            running.kill()
            running.wait()
        super().close()

    def declare(self):
        for group in ("servers", "laptops"):
            self.netbird("POST", "/api/groups", {"name": group})
        for name, spec in SPECS.items():
            self.apply("apiVersion: keys.netbird.io/v1alpha1\nkind: SetupKey\n"
                       f"metadata:\n  name: {name}\nspec: {spec}\n")

    def sent(self, what):
        return sum(each["line"] == what for each in self.netbird("GET", "/sandbox/requests"))

    def forget_requests(self):
        self.netbird("DELETE", "/sandbox/requests")

    def listed(self, times):
        """Waits until the operators have seen all keys so often."""
        self.wait(f"{times} lists", lambda: self.sent("GET /api/setup-keys") >= times)

    def held(self):
        """What must stay: which key each SetupKey has, and what each Secret holds."""
        items = self.kube("GET", KEYS)["items"]
        keys = {each["metadata"]["name"]: (each["status"].get("keyID"), each["status"].get("revision"),
                                           [old["keyID"] for old in each["status"].get("previousKeys", [])])
                for each in items}
        secrets = {each["metadata"]["name"]: each.get("data")
                   for each in self.kube("GET", SECRETS)["items"]}
        at_netbird = sorted((each["id"], each["name"], each["state"], sorted(each["auto_groups"]))
                            for each in self.netbird_keys())
        return keys, secrets, at_netbird

    def ready(self):
        return {name: self.condition(name, "Ready").get("status") for name in SPECS}


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.close()


@pytest.fixture(scope="module")
def before(world):
    """What the release before leaves: keys in each state that a SetupKey can be in."""
    world.declare()
    world.run(BEFORE)
    world.wait("all are Ready", lambda: set(world.ready().values()) == {"True"})
    world.patch("rotated", {"metadata": {"annotations": {"keys.netbird.io/rotate": "once"}}})
    world.wait("a key is replaced", lambda: world.status("rotated").get("lastHandledRotate") == "once")
    world.patch("revoked", {"spec": {"revoked": True}})
    world.wait("a key is revoked", lambda: world.status("revoked").get("state") == "revoked")
    world.patch("suspended", {"spec": {"suspend": True}})
    world.wait("one is suspended",
                lambda: world.condition("suspended", "Ready").get("reason") == "Suspended")
    world.forget_requests()
    world.listed(2)
    world.end(BEFORE)
    held, ready = world.held(), world.ready()
    assert len(held[0]) == len(SPECS) and len(held[0]["rotated"][2]) == 1
    return held, ready


def judge(world, before, lists=LISTS):
    """Lets the operators that run look at everything for a while: nothing is to change."""
    held, ready = before
    world.listed(lists)
    assert world.held() == held
    assert world.ready() == ready
    for method in ("POST", "PUT", "DELETE"):
        writes = [each["line"] for each in world.netbird("GET", "/sandbox/requests")
                  if each["line"].startswith(f"{method} /api/setup-keys")
                  and "nbkeys-may-i-write" not in each["line"]]
        assert writes == []


@pytest.mark.parametrize("binaries", [(NOW,), (BEFORE,), (NOW, BEFORE), (NOW,)],
                         ids=["upgrade", "rollback", "side by side", "upgrade again"])
def test_no_key_is_issued_anew(world, before, binaries):
    world.forget_requests()
    for binary in binaries:
        world.run(binary)
    judge(world, before, LISTS * len(binaries))
    for binary in binaries:
        world.end(binary)


def test_an_issue_that_the_release_before_began_is_finished_once(world, before):
    """SIGKILL between NetBird's answer and the Secret: the claim is the release before's."""
    world.run(BEFORE)
    world.operator = world.operators.pop(BEFORE)
    world.kill_operator_after("^POST /api/setup-keys")
    world.apply("apiVersion: keys.netbird.io/v1alpha1\nkind: SetupKey\n"
                "metadata:\n  name: begun\nspec:\n  name: Begun\n")
    world.operator.wait(timeout=30)
    world.operator = None
    world.end_faults()
    assert world.status("begun")["claim"]["revision"] == 1
    world.run(NOW)
    world.wait("it is Ready", lambda: world.is_ready("begun"))
    world.wait("its stray is gone", lambda: sum(
        each["name"].startswith("Begun ") for each in world.netbird_keys()) == 1)
    world.end(NOW)
    assert world.status("begun")["revision"] == 2
    held = world.held()
    world.forget_requests()
    world.run(BEFORE)
    world.listed(LISTS)
    assert world.held() == held
    world.end(BEFORE)


def rotated(world, binary, name, word):
    """One more key of the SetupKey, made by this release."""
    before = world.status(name)["revision"]
    world.run(binary)
    world.patch(name, {"metadata": {"annotations": {"keys.netbird.io/rotate": word}}})
    world.wait("a key is replaced", lambda: world.status(name).get("lastHandledRotate") == word)
    world.end(binary)
    assert world.status(name)["revision"] == before + 1


def names_of(world, name):
    return sorted(each["name"] for each in world.netbird_keys() if each["name"].startswith(f"{name} "))


def test_each_release_knows_the_keys_of_the_other(world, before):
    """Only this release gives its keys tickets; the one before leaves the book as it finds it."""
    rotated(world, NOW, "plain", "one")
    rotated(world, BEFORE, "plain", "two")
    rotated(world, NOW, "plain", "three")
    assert [" ~" in each for each in names_of(world, "plain")].count(True) == 2
    held = world.held()
    assert len(held[0]["plain"][2]) == 3
    for binary in (BEFORE, NOW):
        world.forget_requests()
        world.run(binary)
        world.listed(LISTS)
        assert world.held() == held
        world.end(binary)
    assert not world.condition("plain", "UnknownKeys")


def test_an_issue_that_the_release_before_began_after_a_rollback_is_finished_once(world, before):
    """The claim that it left is not taken for this release's own, and its key is no stranger's."""
    rotated(world, NOW, "named", "one")
    world.run(BEFORE)
    world.operator = world.operators.pop(BEFORE)
    world.kill_operator_after("^POST /api/setup-keys")
    world.patch("named", {"metadata": {"annotations": {"keys.netbird.io/rotate": "two"}}})
    world.operator.wait(timeout=30)
    world.operator = None
    world.end_faults()
    assert world.status("named")["claim"]["revision"] == 3
    world.run(NOW)
    world.wait("a key is replaced", lambda: world.status("named").get("lastHandledRotate") == "two")
    world.wait("the stray is gone", lambda: len(
        [each for each in world.netbird_keys() if each["name"].startswith("A fleet of servers ")]) == 3)
    world.end(NOW)
    assert world.status("named")["revision"] == 4
    assert not world.condition("named", "UnknownKeys")
