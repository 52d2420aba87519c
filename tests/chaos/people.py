"""The people of one namespace: they create, change, rotate, revoke and delete without pause."""

import base64
import threading

from harness.admin import secrets, setup_keys

from windows import MARK

# What people can do, how often they do it, and which windows of the protocol that makes busy.
DEEDS = {
    "rotate": (5, ("claim", "post", "secret-write", "record", "delete")),
    "limit": (3, ("claim", "post", "secret-write", "record", "delete")),
    "regroup": (4, ("put", "status")),
    "revoke": (2, ("put", "status")),
    "template": (2, ("secret-write", "secret-read")),
    "drop_secret": (2, ("secret-create", "record", "list-keys")),
    "alter_secret": (1, ("secret-read", "secret-write")),
    "remove": (4, ("finalizer-remove", "finalizer-add", "secret-create", "delete")),
    "delete_key": (1, ("list-keys", "claim", "post")),
    "revoke_key": (1, ("list-keys", "claim", "post")),
}


class People:
    """wanted() tells which kinds of request are wanted most; half of the deeds serve that."""

    def __init__(self, lane, rng, names, groups, wanted):
        self.lane = lane
        self.admin = lane.arena.admin
        self.netbird = lane.arena.netbird
        self.rng = rng
        self.names = names
        self.groups = groups
        self.wanted = wanted
        self.turn = 0
        self.deeds = 0
        self.uids = {}  # all that ever were: uid -> name
        self.stop_now = threading.Event()
        self.thread = None

    def start(self, pause):
        self.stop_now.clear()
        self.thread = threading.Thread(target=self._run, args=(pause,), daemon=True)
        self.thread.start()

    def stop(self):
        self.stop_now.set()
        if self.thread is not None:
            self.thread.join()
            self.thread = None

    def _run(self, pause):
        while not self.stop_now.wait(self.rng.uniform(0.3, 1.7) * pause):
            self.do(self._choose(), self.rng.choice(self.names))

    def _choose(self):
        if self.rng.random() < 0.5:
            wanted = self.wanted()
            fitting = [deed for deed, (_, kinds) in DEEDS.items() if wanted & set(kinds)]
            if fitting:
                return self.rng.choice(fitting)
        return self.rng.choices(list(DEEDS), [weight for weight, _ in DEEDS.values()])[0]

    def do(self, deed, name):
        """One deed. Whoever finds the SetupKey gone makes it again. Servers may be away."""
        found = self.look(name)
        self.deeds += 1
        if found is None:
            self.create(name)
        elif "deletionTimestamp" not in found["metadata"]:
            getattr(self, deed)(name, found)

    def look(self, name):
        found = self.admin.get(setup_keys(self.lane.namespace, name))
        if found is not None:
            self.uids[found["metadata"]["uid"]] = name
        return found

    def _next(self):
        self.turn += 1
        return f"{self.turn}"

    def edit(self, name, **spec):
        self.admin.patch(setup_keys(self.lane.namespace, name), {"spec": spec})

    def create(self, name):
        spec = {"rotation": {"overlap": self.rng.choice(("0", "1s", "2s"))}}
        if self.groups and self.rng.random() < 0.5:
            spec["autoGroups"] = [{"id": self.rng.choice(self.groups)}]
        self.admin.done("POST", setup_keys(self.lane.namespace), {
            "apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey",
            "metadata": {"name": name}, "spec": spec})
        self.look(name)

    def rotate(self, name, _found):
        self.admin.patch(setup_keys(self.lane.namespace, name), {"metadata": {"annotations": {
            "keys.netbird.io/rotate": self._next()}}})

    def limit(self, name, _found):
        self.edit(name, usageLimit=self.rng.randint(5, 500))

    def regroup(self, name, _found):
        chosen = self.rng.sample(self.groups, self.rng.randint(0, len(self.groups)))
        self.edit(name, autoGroups=[{"id": each} for each in chosen])

    def revoke(self, name, found):
        self.edit(name, revoked=not found["spec"].get("revoked", False))

    def template(self, name, _found):
        self.edit(name, secretTemplate={"labels": {"turn": self._next()}})

    def drop_secret(self, name, _found):
        self.admin.done("DELETE", secrets(self.lane.namespace, name))

    def alter_secret(self, name, _found):
        other = base64.b64encode(f"altered-{name}-{self._next()}".encode()).decode()
        self.admin.patch(secrets(self.lane.namespace, name), {"data": {"setup-key": other}})

    def replace_secret(self, name, _found=None):
        """Deletes the Secret and puts an equal one in its place, as a restore would."""
        path = secrets(self.lane.namespace, name)
        found = self.admin.get(path)
        if found is None:
            return
        for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
            found["metadata"].pop(field, None)
        if self.admin.done("DELETE", path):
            self.admin.done("POST", secrets(self.lane.namespace), found)

    def remove(self, name, _found=None):
        self.admin.done("DELETE", setup_keys(self.lane.namespace, name))

    def _newest_key(self, found):
        keys = self.netbird.keys_of(found["metadata"]["uid"])
        return max(keys, key=lambda key: int(MARK.search(key["name"])[2]), default=None)

    def delete_key(self, _name, found):
        key = self._newest_key(found)
        if key is not None:
            self.netbird.call("DELETE", f"setup-keys/{key['id']}")

    def revoke_key(self, name, found):
        """A key revoked by a person stays so until a person asks for another: both at once."""
        key = self._newest_key(found)
        if key is not None:
            self.netbird.call("PUT", f"setup-keys/{key['id']}",
                              {"revoked": True, "auto_groups": key["auto_groups"] or []})
            self.rotate(name, found)

    def ask_for_what_is_limited(self):
        """Keys that were broken again and again are replaced ever more rarely, unless somebody
        asks: so says RepairLimited, and so they do."""
        for name in self.names:
            found = self.look(name) or {}
            status = found.get("status", {})
            limited = any(each["type"] == "Ready" and each["reason"] == "RepairLimited"
                          for each in status.get("conditions", []))
            asked = found.get("metadata", {}).get("annotations", {}).get("keys.netbird.io/rotate")
            if limited and asked == status.get("lastHandledRotate"):
                self.rotate(name, found)

    def leave(self):
        """Before the quiet: whatever is missing is made again, so that there is much to check."""
        for name in self.names:
            if self.look(name) is None:
                self.create(name)
