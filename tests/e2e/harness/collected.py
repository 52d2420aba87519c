"""All that a run leaves where no key may be: logs, metrics, objects, and etcd itself."""

import base64

from .curl import curl

# Where a peer was told its key, NetBird's own data, and the files that hold tokens on purpose.
TEXTS = ("*.log", "*.metrics", "objects.yaml", "*.ready", "*.requests")
NOT_OURS = (".peer.log", "netbird-server.log")


def files(folder):
    """Yields (name, text) of every file of the run that is searched."""
    for pattern in TEXTS:
        for path in sorted(folder.glob(pattern)):
            if not path.name.endswith(NOT_OURS):
                yield path.name, path.read_text(errors="replace")


def etcd_values(etcd_url, page=500):
    """Yields (key, value as text) of all that the cluster stores, Secrets apart."""
    start, end = b"/registry/", b"/registry0"
    while True:
        answer = curl("POST", f"{etcd_url}/v3/kv/range", {
            "key": base64.b64encode(start).decode(), "range_end": base64.b64encode(end).decode(),
            "limit": str(page)}, timeout=60).json()
        pairs = answer.get("kvs", [])
        for pair in pairs:
            name = base64.b64decode(pair["key"])
            if not name.startswith(b"/registry/secrets/"):
                value = base64.b64decode(pair.get("value", ""))
                yield name.decode(), value.decode("latin-1")
        if not answer.get("more"):
            return
        start = base64.b64decode(pairs[-1]["key"]) + b"\0"


def leaks(world):
    """All places where something is found that was issued; described, not repeated."""
    finder = world.issued.finder()
    found = []
    for source in (files(world.folder), etcd_values(world.control_plane.etcd_url)):
        for name, text in source:
            found += [f"{name}: {each}" for each in finder.find(text)]
    return found
