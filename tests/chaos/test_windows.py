"""Each request that the operator sends is told from the others."""

import json

import pytest

from windows import REQUIRED, WRITES, classify

OURS = "/apis/keys.netbird.io/v1alpha1/namespaces/ns/setupkeys"
SECRETS = "/api/v1/namespaces/ns/secrets"
KEYS = "/api/setup-keys"
LABEL = "labelSelector=keys.netbird.io%2Fsetupkey-uid&"

REQUESTS = [
    ("kube", "GET", f"{OURS}?limit=500", None, ("list", "")),
    ("kube", "GET", f"{SECRETS}?{LABEL}limit=500", None, ("list", "")),
    ("kube", "GET", f"{OURS}?watch=true&resourceVersion=5", None, ("watch", "")),
    ("kube", "GET", f"{SECRETS}?{LABEL}watch=true", None, ("watch", "")),
    ("kube", "GET", f"{OURS}/a", None, ("setupkey-read", "a")),
    ("kube", "PATCH", f"{OURS}/a", {"metadata": {"finalizers": ["keys.netbird.io/setup-key"]}},
     ("finalizer-add", "a")),
    ("kube", "PATCH", f"{OURS}/a", {"metadata": {"finalizers": ["another"]}},
     ("finalizer-remove", "a")),
    ("kube", "PATCH", f"{OURS}/a/status", {"status": {"claim": {"revision": 2}}}, ("claim", "a")),
    ("kube", "PATCH", f"{OURS}/a/status", {"status": {"claim": None, "revision": 2}},
     ("record", "a")),
    ("kube", "PATCH", f"{OURS}/a/status", {"status": {"claim": None}}, ("status", "a")),
    ("kube", "POST", SECRETS, {"metadata": {"name": "b"}}, ("secret-create", "b")),
    ("kube", "POST", f"{SECRETS}?dryRun=All", {"metadata": {"name": "b"}}, ("dry-run", "b")),
    ("kube", "PATCH", f"{SECRETS}/b", {"data": {}}, ("secret-write", "b")),
    ("kube", "GET", f"{SECRETS}/b", None, ("secret-read", "b")),
    ("kube", "POST", "/api/v1/namespaces/ns/events", {"involvedObject": {"name": "a"}},
     ("event", "a")),
    ("kube", "PUT", "/apis/coordination.k8s.io/v1/namespaces/ns/leases/nbkeys", {}, ("lease", "")),
    ("netbird", "GET", KEYS, None, ("list-keys", "")),
    ("netbird", "POST", KEYS, {"name": "n [k8s-0-r1]"}, ("post", "n [k8s-0-r1]")),
    ("netbird", "PUT", f"{KEYS}/id", {}, ("put", "id")),
    ("netbird", "DELETE", f"{KEYS}/id", None, ("delete", "id")),
    ("netbird", "GET", "/api/groups", None, ("groups", "")),
    ("netbird", "PUT", f"{KEYS}/nbkeys-may-i-write", {}, ("right", "")),
    ("netbird", "GET", "/api/users?service_user=true", None, ("user", "")),
]


@pytest.mark.parametrize("server, method, path, body, expected", REQUESTS,
                         ids=lambda each: each[0] if isinstance(each, tuple) else "")
def test_kind(server, method, path, body, expected):
    raw = b"" if body is None else json.dumps(body).encode()
    assert classify(server, method, path, raw) == expected


def test_every_window_belongs_to_a_kind_that_is_told_apart():
    kinds = {expected[0] for *_, expected in REQUESTS}
    assert {kind for kind, _ in REQUIRED} <= kinds
    assert set(WRITES) <= kinds
