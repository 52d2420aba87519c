"""24. First contact: the token of a service user, whatever its role, and what answers in NetBird's place."""

import shlex
import subprocess
from pathlib import Path

import pytest

from harness.plugin import verb
from harness.scene import condition, reason_of
from harness.wait import stays

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["network_admin", "auditor", "user", "billing_admin"]


def service_user(scene, role):
    """Returns (user id, token file)."""
    user = scene.netbird.create_service_user(f"{role}-{scene.namespace}", role)
    _, token = scene.netbird.create_token(f"of-{role}", user)
    return user, scene.world.write_token(f"token-{scene.namespace}", token)


def give_role(scene, user, role):
    scene.netbird.ok("PUT", f"users/{user}", {"role": role, "auto_groups": [], "is_blocked": False})


def message_of(scene, name):
    return condition(scene.get(name), "Ready")["message"]


def checked(scene, **options):
    found = verb(scene, "check", "-o", "json", **options)
    return found, {each["name"]: each for each in found.json()["checks"]}


@pytest.mark.parametrize("role", SMALL)
def test_24_a_role_that_is_too_small_burns_nothing_and_heals(scene, role):
    user, token_file = service_user(scene, role)
    scene.operator("--resync=2s", token_file=token_file).start()
    scene.apply("waits")
    scene.await_condition("waits", "Ready", "False", "AccountNotReady")
    told = message_of(scene, "waits")
    assert f"has the role {role}" in told and "role admin" in told and len(told) <= 300
    stays("it is told once, and nothing is claimed", lambda: (
        message_of(scene, "waits") == told and "claim" not in scene.get("waits")["status"]
        and "lastRevision" not in scene.get("waits")["status"]), 5)
    assert scene.netbird_proxy.count("POST", "^/api/setup-keys$") == 0
    found, named = checked(scene, netbird=True, token_file=token_file)
    assert found.code == 1 and named["NetBird token"]["result"] == "failed"
    assert f"has the role {role}" in named["NetBird token"]["message"]
    give_role(scene, user, "admin")
    scene.await_sound("waits", 120)
    assert scene.get("waits")["status"]["lastRevision"] == 1


def test_24_a_role_that_is_lowered_costs_a_revision_at_the_most(scene):
    user, token_file = service_user(scene, "admin")
    scene.operator("--resync=2s", token_file=token_file).start()
    scene.ready("before")
    give_role(scene, user, "auditor")
    scene.apply("during")
    scene.await_condition("during", "Ready", "False", "AccountNotReady", timeout=60)
    assert "has the role auditor" in message_of(scene, "during")
    stays("no more is claimed",
          lambda: scene.get("during")["status"].get("lastRevision", 0) <= 1, 5)
    give_role(scene, user, "admin")
    scene.await_sound("during", 120)
    assert scene.get("during")["status"]["lastRevision"] <= 2
    scene.await_sound("before")


def test_24_a_service_user_passes_check(scene):
    _, token_file = service_user(scene, "admin")
    found, named = checked(scene, netbird=True, token_file=token_file)
    assert found.code == 0, found.out
    assert "role admin" in named["NetBird token"]["message"]


def quick_start():
    """README's commands from the declaration of the first key on, as a person would paste them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    steps = text.split("## Quick start on a cluster", 1)[1].split("\n## ", 1)[0]
    block = steps[steps.index("kubectl apply -f - <<YAML"):]
    lines = []
    for line in block.split("\n"):
        if line and not line.startswith("       ") and lines:
            break
        lines.append(line[7:] if line.startswith("       ") else line)
    return "\n".join(lines)


def test_24_the_quick_start_works_as_written_on_an_empty_account(scene, operator):
    """It names no group, which a new account would not have."""
    script = quick_start()
    assert "kubectl wait nbsk/web-fleet" in script and "base64 -d" in script
    kubectl = scene.world.folder / f"{scene.namespace}-bin"
    kubectl.mkdir()
    (kubectl / "kubectl").write_text("#!/bin/sh\nexec " + shlex.join(
        map(str, scene.kubectl.argv())) + ' "$@"\n')
    (kubectl / "kubectl").chmod(0o755)
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=90,
                          check=False, env={**scene.kubectl.env(),
                                            "PATH": f"{kubectl}:/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    scene.uids["web-fleet"] = scene.get("web-fleet")["metadata"]["uid"]
    lines = done.stdout.splitlines()
    assert "condition met" in done.stdout and "REASON" in done.stdout
    assert lines[-1].endswith(scene.secret_key("web-fleet"))


@pytest.mark.parametrize("options, said", [
    ({"token_file": "/nonexistent/token"}, "/nonexistent/token"),
    ({"url": "https://127.0.0.1:1", "env": {"NBKEYS_NETBIRD_CA_FILE": "/nonexistent/ca.crt"}},
     "/nonexistent/ca.crt"),
    ({"url": "https://netbird.invalid"}, "netbird.invalid"),
    ({"url": "nonsense://"}, "nonsense"),
], ids=["token-file", "ca-file", "name", "address"])
def test_24_check_is_never_green_where_netbird_could_not_be_asked(scene, options, said):
    found, named = checked(scene, netbird=True, **options)
    assert found.code == 1, found.out
    assert named["NetBird"]["result"] == "failed" and said in named["NetBird"]["message"]


PLACES = {
    "login page": ({"status": 200, "body": b"<!doctype html><title>Sign in</title>"},
                   "HTTP 200 and a page of HTML"),
    "refusing proxy": ({"status": 403, "body": b"<html>blocked</html>"},
                       "HTTP 403 and a page of HTML"),
    "redirect": ({"status": 302, "headers": {"Location": "https://login.example.com/"},
                  "body": b""}, "a redirect to https://login.example.com/"),
    "balancer": ({"status": 503, "body": b"no healthy upstream"}, "no healthy upstream"),
}


@pytest.mark.parametrize("place", PLACES)
def test_24_what_answers_in_netbirds_place_is_named(scene, place):
    fault, said = PLACES[place]
    scene.netbird_proxy.rule(".*", "^/api/", times=None, **fault)
    scene.operator("--resync=2s").start()
    scene.apply("waits")
    scene.await_("the condition names it",
                 lambda: reason_of(scene.get("waits")) in ("APIError", "AccountNotReady")
                 and said in message_of(scene, "waits"), "waits", 60)
    told = message_of(scene, "waits")
    assert len(told) <= 300 and scene.netbird_proxy.url in told
    scene.netbird_proxy.clear()
    scene.await_sound("waits", 120)
    assert scene.get("waits")["status"]["lastRevision"] == 1


def test_24_a_path_that_is_not_the_api(scene):
    scene.netbird_proxy.rule(".*", "^/api/", times=None, status=404, body=b"404 page not found\n")
    scene.operator("--resync=2s").start()
    scene.apply("waits")
    scene.await_("the condition names it", lambda: reason_of(scene.get("waits")) == "AccountNotReady"
                 and "no API at this path" in message_of(scene, "waits"), "waits", 60)
    assert "--netbird-url" in message_of(scene, "waits")
