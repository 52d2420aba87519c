"""What one test works with: a namespace, operators that watch it, and looks at both servers."""

import hashlib
import json
import re

import yaml

from .curl import curl_many
from .kubectl import masked, secret_value
from .netbird import mark_prefix
from .wait import until


def setup_key(name, /, **spec):
    return {"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey",
            "metadata": {"name": name}, "spec": spec}


def condition(obj, kind):
    """The condition of that type, or None."""
    found = [each for each in ((obj or {}).get("status") or {}).get("conditions", [])
             if each["type"] == kind]
    return found[0] if found else None


def status_of(obj, kind):
    """"True", "False", "Unknown", or None where there is no such condition."""
    found = condition(obj, kind)
    return found["status"] if found else None


def reason_of(obj, kind="Ready"):
    found = condition(obj, kind)
    return found["reason"] if found else None


class Scene:
    def __init__(self, world, namespace, title):
        self.world = world
        self.namespace = namespace
        self.title = title
        self.kubectl = world.kubectl.within(namespace)
        self.netbird = world.netbird
        self.kube_proxy = world.kube_proxy
        self.netbird_proxy = world.netbird_proxy
        self.operators = []
        self.peers = []
        self.uids = {}
        self.groups = []

    def open(self):
        self.world.kubectl.run("create", "namespace", self.namespace)

    def close(self):
        """Leaves nothing that a later test could stumble over; what is worth it, is recorded."""
        for proxy in (self.kube_proxy, self.netbird_proxy):
            proxy.clear()
            proxy.forget()
        for each in self.peers:
            each.stop()
        for each in self.operators:
            each.stop()
        self.keep_objects()
        self.drop_finalizers()
        self.world.kubectl.run("delete", "namespace", self.namespace, "--wait=false")
        marks = [mark_prefix(uid) for uid in self.uids.values()]
        self.netbird.delete_keys([key["id"] for key in self.netbird.keys()
                                  if any(mark in key["name"] for mark in marks)])
        for group in self.groups:
            self.netbird.delete_group(group)

    def drop_finalizers(self):
        """No operator is left to let the SetupKeys go. By curl, as kubectl takes minutes for a
        thousand of them."""
        plane = self.world.control_plane
        url = plane.url + self.kubectl.path("setupkeys")
        curl_many(
            "PATCH", [f"{url}/{each['metadata']['name']}"
                      for each in self.kubectl.list("setupkeys")],
            [f"Authorization: Bearer {plane.admin_token}",
             "Content-Type: application/merge-patch+json"],
            {"metadata": {"finalizers": None}}, plane.ca_file)

    def keep_objects(self):
        """Writes what the cluster shows of this test for the search for keys, Secrets apart."""
        with open(self.world.folder / "objects.yaml", "a", encoding="utf-8") as out:
            for kind in ("setupkeys", "events"):
                found = self.kubectl.look(self.kubectl.path(kind))
                out.write(json.dumps(found, indent=1) + "\n---\n")
            # Of a Secret only its data may hold the key.
            for secret in self.kubectl.list("secrets"):
                self.world.learn(secret)
                out.write(yaml.safe_dump(masked(secret)) + "\n---\n")

    # Making

    def operator(self, *flags, **options):
        """An operator that watches this namespace only; not started yet."""
        made = self.world.operator(
            re.sub(r"[^a-zA-Z0-9_-]+", "-", self.title)[:80],
            f"--watch-namespace={self.namespace}", *flags, **options)
        self.operators.append(made)
        return made

    def apply(self, name, /, **spec):
        """Applies a SetupKey, without waiting for anything."""
        self.kubectl.apply(setup_key(name, **spec))
        self.uids[name] = self.kubectl.get("setupkey", name)["metadata"]["uid"]
        return name

    def ready(self, name, /, **spec):
        """Applies a SetupKey and waits for its key. Returns the SetupKey object."""
        self.apply(name, **spec)
        return self.await_ready(name)

    def edit(self, name, /, **spec):
        """Merges into the spec; None removes a field."""
        self.kubectl.patch("setupkey", name, {"spec": spec})

    def group(self, name):
        made = self.netbird.create_group(f"{name}-{self.namespace}")
        self.groups.append(made["id"])
        return made

    def enrol(self, name, key):
        """Enrols a real peer. Returns the started Peer."""
        made = self.world.peer(f"{name}-{self.namespace}", key)
        self.peers.append(made)
        return made.start()

    # Looking

    def get(self, name):
        return self.kubectl.get("setupkey", name)

    def secret(self, name):
        found = self.kubectl.get("secret", name)
        self.world.learn(found)
        return found

    def secret_key(self, name, entry="setup-key"):
        """The key in the Secret, registered with the leak check; None where there is none."""
        found = self.secret(name)
        value = secret_value(found, entry)
        self.world.issued.key(value)
        return value

    def mark(self, name):
        return mark_prefix(self.uids[name])

    def key_name(self, name, revision):
        """How the operator called the key of that revision: with the ticket of its claim."""
        ticket = next(each["ticket"] for each in self.get(name)["status"]["tickets"]
                      if each["revision"] == revision)
        return f"{name} ~{ticket} {self.mark(name)}{revision}]"

    def keys(self, name):
        """All keys at NetBird with the mark of that SetupKey."""
        return self.netbird.keys_of(self.uids[name])

    def valid_keys(self, name):
        return [key for key in self.keys(name) if key["valid"]]

    def posts(self, name):
        """The names of all keys that were ever POSTed for that SetupKey and made."""
        return self.world.posts_of(self.mark(name))

    def events(self, name):
        found = self.kubectl.list("events")
        return [each for each in found if each["involvedObject"].get("name") == name]

    # Waiting

    def await_(self, what, probe, name=None, timeout=30.0, interval=0.15):
        return until(what, probe, timeout, interval, lambda: self.dump(name))

    def await_ready(self, name, timeout=30.0):
        """Waits until the present generation is observed and Ready. Returns the object."""
        def probe():
            found = self.get(name)
            if not found or status_of(found, "Ready") != "True":
                return None
            seen = found["status"].get("observedGeneration")
            return found if seen == found["metadata"]["generation"] else None
        return self.await_(f"{name} becomes Ready", probe, name, timeout)

    def await_condition(self, name, kind, status, reason=None, timeout=30.0):
        def probe():
            found = self.get(name)
            same = status_of(found, kind) == status
            return found if same and reason in (None, reason_of(found, kind)) else None
        wanted = f"{name} shows {kind}={status}" + (f" for {reason}" if reason else "")
        return self.await_(wanted, probe, name, timeout)

    def await_revision(self, name, revision, timeout=30.0):
        """Waits until that revision or a later one is in use."""
        def probe():
            found = self.get(name)
            return found if (found["status"].get("revision") or 0) >= revision else None
        return self.await_(f"{name} reaches revision {revision}", probe, name, timeout)

    def await_gone(self, kind, name, timeout=30.0):
        self.await_(f"{kind} {name} is gone", lambda: self.kubectl.get(kind, name) is None,
                    name if kind == "setupkey" else None, timeout)

    def await_only_key(self, name, key_id, timeout=30.0):
        """Waits until NetBird holds exactly one key for that SetupKey: this one."""
        self.await_(f"{key_id} is the only key of {name}",
                    lambda: [key["id"] for key in self.keys(name)] == [key_id], name, timeout)

    def await_sound(self, name, timeout=60.0):
        """Waits until all three places agree, nothing is left over, and each revision was
        POSTed at most once. Returns the SetupKey object."""
        def probe():
            found = self.get(name)
            problem = self.unsound(name, found)
            assert problem is None, problem
            return found
        found = self.await_(f"{name} is sound", probe, name, timeout, 0.25)
        posts = self.posts(name)
        assert len(posts) == len(set(posts)), f"a revision was POSTed twice: {sorted(posts)}"
        return found

    def unsound(self, name, found):
        """What is wrong between SetupKey, Secret and NetBird, or None."""
        if status_of(found, "Ready") != "True":
            return f"Ready is {status_of(found, 'Ready')}: {reason_of(found)}"
        status = found["status"]
        if status.get("observedGeneration") != found["metadata"]["generation"]:
            return "the present generation is not observed"
        # One that is gone stays on record until its overlap is over.
        there = {key["id"] for key in self.keys(name)}
        previous = [each for each in status.get("previousKeys", []) if each["keyID"] in there]
        if status.get("claim") or previous:
            return f"claim {status.get('claim')}, previous keys {previous}"
        return self.unsound_key(name, found, self.secret(found["spec"].get("secretName", name)))

    def unsound_key(self, name, found, secret):
        status = found["status"]
        value = secret_value(secret, found["spec"].get("secretKey", "setup-key"))
        if value is None:
            return "there is no key in the Secret"
        keys = self.keys(name)
        if len(keys) != 1:
            return f"NetBird holds {[(key['id'], key['name'], key['state']) for key in keys]}"
        key = keys[0]
        if key["id"] != status.get("keyID"):
            return f"status has {status.get('keyID')}, NetBird {key['id']}"
        if secret["metadata"]["annotations"].get("keys.netbird.io/key-id") != key["id"]:
            return f"the Secret does not name {key['id']}"
        if not key["valid"] or key["key"][:5] != value[:5]:
            return f"NetBird's key {key['key'][:5]} is {key['state']}, the Secret's differs"
        if hashlib.sha256(value.encode()).hexdigest() != status.get("keyDigest"):
            return "status.keyDigest is not that of the key in the Secret"
        return None

    def dump(self, name=None):
        """Everything a person would ask for after a failure; no key material in it."""
        names = [name] if name else list(self.uids)[:3]
        parts = []
        for each in names:
            parts.append(f"--- setupkey/{each}\n{self.kubectl.dump('setupkey', each)}")
            parts.append(f"--- secret/{each}\n{self.kubectl.dump('secret', each)}")
            if each in self.uids:
                keys = [(key["id"], key["name"], key["state"]) for key in self.keys(each)]
                parts.append(f"--- NetBird's keys of {each}: {keys}")
        for each in (self.kube_proxy, self.netbird_proxy):
            last = "\n".join(map(repr, each.seen()[-25:]))
            parts.append(f"--- last requests to {each.name}\n{last}")
        parts += [each.log_tail() for each in self.operators]
        return "\n".join(parts)
