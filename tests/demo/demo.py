#!/usr/bin/env python3
"""Shows what nbkeys does, on a sandbox: a small Kubernetes API and a small NetBird on loopback, and the
real operator between them."""
import sys
import time
from pathlib import Path

from stage import KEYS, ROOT, DemoError, Stage, sandbox_is_built

COLOUR = sys.stdout.isatty()


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def scene(number, title):
    print("\n" + paint("1;36", f"{number}. {title}"))


def say(text):
    print("   " + text)


def table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        say("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


def masked(key):
    return key[:5] + "****" if key else "-"


def show_setup_keys(stage):
    rows = [("NAME", "READY", "STATE", "SECRET", "USED", "EXPIRES")]
    for item in stage.kube("GET", KEYS)["items"]:
        name, s = item["metadata"]["name"], item.get("status", {})
        rows.append((name, stage.condition(name, "Ready").get("status", "-"), s.get("state", "-"),
                     s.get("binding", {}).get("name", "-"), s.get("usedTimes", "-"),
                     s.get("expiresAt", "never")))
    table(rows)


def show_netbird(stage, word=""):
    rows = [("KEY AT NETBIRD", "STATE", "NAME")]
    for key in stage.netbird_keys():
        if word in key["name"]:
            rows.append((key["id"], key["state"], key["name"]))
    table(rows if len(rows) > 1 else rows + [("(none)", "", "")])


def declare(stage):
    scene(1, "Declare keys as SetupKeys: deploy/examples/")
    for group in ("servers", "ci-runners", "iot-devices", "contractors", "kubernetes"):
        stage.netbird("POST", "/api/groups", {"name": group})
    names = []
    for path in sorted((ROOT / "deploy" / "examples").glob("*.yaml")):
        applied = stage.apply(path.read_text("utf-8"))
        names += applied
        say(f"$ kubectl apply -f deploy/examples/{path.name}".ljust(60) + " ".join(applied))
    took = stage.wait("all examples Ready", lambda: all(stage.is_ready(n) for n in names))
    say(f"all Ready after {took:.1f} s:")
    show_setup_keys(stage)


def look_at_secret(stage):
    scene(2, "The key is in a Secret named after the resource; NetBird has shown it once and never will again")
    secret = stage.kube("GET", "/api/v1/namespaces/default/secrets/server-fleet")
    say(f"Secret server-fleet   setup-key: {masked(stage.secret_text('server-fleet'))}"
        f"   ({len(stage.secret_text('server-fleet'))} characters)")
    for name, value in secret["metadata"]["annotations"].items():
        if name.endswith(("key-id", "revision", "expires-at")):
            say(f"  {name}: {value}")
    show_netbird(stage, "Server fleet")


def rotate(stage):
    scene(3, "Rotate: the new key is in the Secret, the old one works through the overlap")
    stage.patch("server-fleet", {"spec": {"rotation": {"overlap": "5s"}}})
    stage.wait("the new overlap is observed", lambda: stage.is_ready("server-fleet"))
    before = stage.secret_text("server-fleet")
    say("$ kubectl annotate nbsk server-fleet keys.netbird.io/rotate=now     (overlap: 5s)")
    stage.patch("server-fleet", {"metadata": {"annotations": {"keys.netbird.io/rotate": "now"}}})
    stage.wait("the new key is in the Secret",
               lambda: stage.status("server-fleet").get("lastHandledRotate") == "now")
    say(f"Secret: {masked(before)} -> {masked(stage.secret_text('server-fleet'))}")
    show_netbird(stage, "Server fleet")
    took = stage.wait("the old key retires",
                      lambda: not stage.status("server-fleet").get("previousKeys"))
    say(f"and {took:.0f} s later, the overlap over:")
    show_netbird(stage, "Server fleet")


def revoke(stage):
    scene(4, "Revoke: the contractor leaves early")
    say("$ kubectl patch nbsk contractor --type merge -p '{\"spec\": {\"revoked\": true}}'")
    stage.patch("contractor", {"spec": {"revoked": True}})
    stage.wait("the key is revoked",
               lambda: stage.condition("contractor", "KeyValid").get("reason") == "Revoked")
    c = stage.condition("contractor", "KeyValid")
    say(f"KeyValid={c['status']} reason={c['reason']}: {c['message']}")


def crash(stage):
    scene(5, "Crash at the worst moment: NetBird has made the key, the operator dies before it has the answer")
    stage.kill_operator_after("^POST /api/setup-keys")
    say("$ kubectl apply -f edge.yaml     (a SetupKey named edge; SIGKILL is armed)")
    stage.apply("apiVersion: keys.netbird.io/v1alpha1\nkind: SetupKey\nmetadata:\n  name: edge\n"
                "spec:\n  name: Edge\n")
    stage.operator.wait(timeout=20)
    stage.end_faults()
    say(f"nbkeys is dead (signal {-stage.operator.returncode}); a valid key is left that nobody holds:")
    show_netbird(stage, "Edge")
    say(f"Secret edge: {'missing' if stage.secret_text('edge') is None else 'present'};  "
        f"status.claim says that revision {stage.status('edge')['claim']['revision']} was asked for")
    say("$ nbkeys run     (started again)")
    stage.start_operator()
    stage.wait("edge is Ready", lambda: stage.is_ready("edge"))
    stage.wait("the stray is gone",
               lambda: len([k for k in stage.netbird_keys() if k["name"].startswith("Edge")]) == 1)
    say("revision 1 is never asked for again; revision 2 is in the Secret, and only then the stray goes:")
    show_netbird(stage, "Edge")


def delete(stage):
    scene(6, "Delete: key and Secret go with the resource")
    say("$ kubectl delete nbsk contractor")
    stage.kube("DELETE", f"{KEYS}/contractor")
    stage.wait("the resource is gone", lambda: stage.key("contractor") is None)
    stage.wait("its Secret is gone", lambda: stage.secret_text("contractor") is None)
    show_netbird(stage, "Contractor laptop")
    show_setup_keys(stage)


def next_steps():
    print("\n" + paint("1;36", "On a real cluster"))
    say("kubectl create namespace nbkeys-system")
    say("kubectl -n nbkeys-system create secret generic netbird-token --from-file=NB_API_KEY=token.txt")
    say("kubectl apply -k crds/ && kubectl apply -k deploy/     # the kind, least rights, two replicas")
    say("kubectl apply -f deploy/examples/server-fleet.yaml && kubectl get nbsk -w")
    say("README.md tells the rest in ten minutes.")


def main():
    if not sandbox_is_built():
        print("build first: make demo does it", file=sys.stderr)
        return 1
    began = time.monotonic()
    stage = None
    try:
        stage = Stage()
        stage.start_operator()
        for act in (declare, look_at_secret, rotate, revoke, crash, delete):
            act(stage)
    except DemoError as error:
        print(f"\nthe demo failed: {error}", file=sys.stderr)
        return 1
    finally:
        if stage is not None:
            stage.close()
    next_steps()
    print(f"\n({time.monotonic() - began:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.exit(main())
