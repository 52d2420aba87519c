"""SetupKeys in every state that the dashboard and the alerts tell apart."""
import hashlib
import time

from stage import KEYS, SECRETS, wait_for


def healthy(sandbox):
    sandbox.apply("fleet", expiresIn="90d", usageLimit=50)
    sandbox.is_reason("fleet", "Issued")
    sandbox.enrol("fleet", 3)
    sandbox.call("netbird", "POST", "/api/setup-keys",
                 {"name": "by hand", "type": "reusable", "expires_in": 86400, "auto_groups": [],
                  "usage_limit": 0})


def troubled(sandbox):
    """Each of these waits for a person, and says so in another way."""
    sandbox.apply("homeless", autoGroups=[{"name": "no-such-group"}])
    sandbox.call("kube", "POST", SECRETS, {"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                                           "metadata": {"name": "taken"}, "data": {}})
    sandbox.apply("taken")
    sandbox.apply("day-pass", expiresIn="1d", rotation={"policy": "Disabled"})
    sandbox.apply("worn", usageLimit=20, rotation={"policy": "Disabled"})
    sandbox.apply("guest", type="one-off")
    sandbox.apply("stopped")
    for name in ("day-pass", "worn", "guest", "stopped"):
        sandbox.is_reason(name, "Issued")
    sandbox.enrol("worn", 19)
    sandbox.enrol("guest", 1)
    key = sandbox.status("stopped")["keyID"]
    sandbox.call("netbird", "PUT", f"/api/setup-keys/{key}", {"revoked": True, "auto_groups": []})
    for name, reason in (("homeless", "GroupNotFound"), ("taken", "SecretConflict"),
                         ("guest", "Used"), ("stopped", "RevokedExternally")):
        sandbox.is_reason(name, reason)


def rotate(sandbox, name="fleet"):
    before = sandbox.status(name)["keyID"]
    sandbox.patch(name, {"spec": {"rotation": {"overlap": "2s"}}})
    sandbox.patch(name, {"metadata": {"annotations": {"keys.netbird.io/rotate": str(time.time())}}})
    wait_for("a new key", lambda: sandbox.status(name)["keyID"] != before)
    wait_for("the old key is retired", lambda: not sandbox.status(name).get("previousKeys"))


def lose_secret(sandbox, name="fleet"):
    before = sandbox.status(name)["keyID"]
    sandbox.call("kube", "DELETE", f"{SECRETS}/{name}")
    wait_for("a new key", lambda: sandbox.status(name)["keyID"] != before)


def leave_stray(sandbox, name="fleet"):
    """What an issue leaves behind whose Secret was never written: a key with the mark and the ticket of
    a claim, that nothing refers to."""
    item = sandbox.call("kube", "GET", f"{KEYS}/{name}")
    owner = hashlib.sha256(item["metadata"]["uid"].encode()).hexdigest()[:16]
    first = item["status"]["tickets"][0]
    mark = f"~{first['ticket']} [k8s-{owner}-r{first['revision']}]"
    made = sandbox.call("netbird", "POST", "/api/setup-keys",
                        {"name": f"{name} {mark}", "type": "reusable",
                         "expires_in": 86400, "auto_groups": [], "usage_limit": 0})
    wait_for("the stray is deleted", lambda: all(
        key["id"] != made["id"] for key in sandbox.call("netbird", "GET", "/api/setup-keys")))


def busy(sandbox, seconds):
    """Something to see in every curve of a picture."""
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        number += 1
        sandbox.apply(f"team-{number}", usageLimit=10 + number, expiresIn=f"{3 * number}d")
        sandbox.is_reason(f"team-{number}", "Issued")
        sandbox.enrol(f"team-{number}", 1 + number % 7)
        (rotate, lose_secret, leave_stray)[number % 3](sandbox)
