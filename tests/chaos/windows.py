"""The windows of the protocol: each kind of request, and where in its life the blow falls."""

import json
import re
from urllib.parse import parse_qs, urlsplit

# When the operator is killed: before the server hears of the request, after it has acted and
# before the operator learns of it, just after the operator has got the answer; and "late": the
# operator is dead, and the request arrives seconds later.
WHEN = ("before", "after", "answered", "late")

WRITES = ("finalizer-add", "claim", "post", "secret-create", "secret-write", "record", "status",
          "put", "delete", "finalizer-remove")
READS = ("list", "list-keys", "secret-read")
# Of these a full run must have killed in every window.
REQUIRED = (*[(kind, when) for kind in WRITES for when in WHEN],
            *[(kind, when) for kind in READS for when in WHEN[:3]],
            ("watch", "before"))
LOSABLE = (*WRITES, *READS, "watch")
FINALIZER = "keys.netbird.io/setup-key"
MARK = re.compile(r"\[k8s-([0-9a-f]{16})-r([1-9][0-9]*)\]$")


def _kube(method, path, query, body):
    words = path.split("/")
    if "setupkeys" in words:
        rest = words[words.index("setupkeys") + 1:]
        name = rest[0] if rest else ""
        if not rest:
            return ("watch" if "watch" in query else "list"), ""
        if method == "GET":
            return "setupkey-read", name
        if rest[1:] == ["status"]:
            return _status(json.loads(body).get("status", {})), name
        finalizers = json.loads(body)["metadata"].get("finalizers") or []
        return ("finalizer-add" if FINALIZER in finalizers else "finalizer-remove"), name
    if "secrets" in words:
        rest = words[words.index("secrets") + 1:]
        if method == "POST":
            kind = "dry-run" if "dryRun" in query else "secret-create"
            return kind, json.loads(body)["metadata"]["name"]
        if not rest:
            return ("watch" if "watch" in query else "list"), ""
        return ("secret-read" if method == "GET" else "secret-write"), rest[0]
    if "events" in words:
        return "event", json.loads(body)["involvedObject"]["name"]
    return ("lease" if "leases" in words else "other"), ""


def _status(patch):
    """A merge patch of the status: one that sets a claim, one that puts a revision into use."""
    if patch.get("claim"):
        return "claim"
    return "record" if "revision" in patch else "status"


def _netbird(method, path, body):
    if path == "/api/setup-keys":
        return ("post", json.loads(body)["name"]) if method == "POST" else ("list-keys", "")
    if path == "/api/setup-keys/nbkeys-may-i-write":
        return "right", ""
    if path.startswith("/api/setup-keys/"):
        kind = {"PUT": "put", "DELETE": "delete"}.get(method, "key-read")
        return kind, path.rsplit("/", 1)[1]
    return ("groups" if path == "/api/groups" else "user"), ""


def classify(server, method, target, body):
    """Returns (kind, what it is about): a SetupKey's or a key's name, or a key's id."""
    where = urlsplit(target)
    query = parse_qs(where.query)
    if server == "kube":
        return _kube(method, where.path, query, body)
    return _netbird(method, where.path, body)
