"""The independent checker: compares what NetBird holds with the SetupKeys and the Secrets.

It looks with kubectl and urllib, straight at the servers, and knows the rules only from what the
documentation promises; it shares no code with the operator. judge() is a plain function of what
was seen, so that tests can show it worlds that are wrong.
"""

import base64
import datetime
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field

MARK = re.compile(r"\[k8s-([0-9a-f]{16})-r([1-9][0-9]*)\]$")
PREFIX = "keys.netbird.io/"


@dataclass(frozen=True)
class Finding:
    what: str  # stray, missing, digest, …
    who: str  # namespace/name of the SetupKey or Secret, or the key's name
    text: str
    needles: tuple = ()  # by which the concerned requests are found in the journal

    def __str__(self):
        return f"{self.what}: {self.who}: {self.text}"


@dataclass
class Seen:
    """What the servers showed, and what the proxies know of the keys that were made."""
    setup_keys: list
    secrets: list  # all that carry our label
    keys: list  # NetBird's list
    posted: list = field(default_factory=list)  # the name in each POST that was ever sent
    digests: dict = field(default_factory=dict)  # key id -> sha256 of the key NetBird told
    now: float = 0.0


def owner_mark(uid):
    return hashlib.sha256(uid.encode()).hexdigest()[:16]


def _seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def where_is(thing):
    return f"{thing['metadata']['namespace']}/{thing['metadata']['name']}"


def _condition(thing, kind):
    conditions = thing.get("status", {}).get("conditions", [])
    found = [each for each in conditions if each["type"] == kind]
    return (found[0]["status"], found[0]["reason"]) if found else (None, None)


class Judge:
    def __init__(self, seen):
        self.seen = seen
        self.findings = []
        self.live = {owner_mark(each["metadata"]["uid"]): each for each in seen.setup_keys}
        self.keys = {}  # owner's mark -> keys
        for key in seen.keys:
            if found := MARK.search(key["name"]):
                self.keys.setdefault(found[1], []).append(key)
        self.secrets = {where_is(each): each for each in seen.secrets}

    def say(self, what, who, text, *needles):
        self.findings.append(Finding(what, who, text, tuple(needles)))

    def run(self):
        for mark, keys in self.keys.items():
            if mark not in self.live:
                for key in keys:
                    self.say("stray", key["name"], f"key {key['id']} of a SetupKey that is gone "
                             f"is {key['state']}", mark, key["id"])
        for mark, found in self.live.items():
            self.setup_key(mark, found)
        self.all_secrets()
        for name, count in Counter(filter(None, map(self._revision, self.seen.posted))).items():
            if count > 1:
                self.say("twice", name, f"was POSTed {count} times", name)
        return self.findings

    @staticmethod
    def _revision(name):
        found = MARK.search(name)
        return found and found.group()

    def setup_key(self, mark, found):
        who, name = where_is(found), found["metadata"]["name"]
        status = found.get("status", {})
        needles = (name, mark, status.get("keyID", ""))
        if "deletionTimestamp" in found["metadata"]:
            self.say("deleting", who, "is still being deleted", *needles)
            return
        self.settled(who, found, status, needles)
        keys = {key["id"]: key for key in self.keys.get(mark, [])}
        self.strays(who, status, keys, needles)
        if found["spec"].get("revoked"):
            self.revoked(who, keys, needles)
            return
        active = keys.get(status.get("keyID"))
        if active is None:
            self.say("missing", who, f"NetBird has no key {status.get('keyID')}", *needles)
            return
        self.active_key(who, found, active, needles)
        self.secret(who, found, active, needles)

    def settled(self, who, found, status, needles):
        annotations = found["metadata"].get("annotations", {})
        revoked = found["spec"].get("revoked", False)
        # A SetupKey that is revoked is not rotated before that ends.
        asked = None if revoked else annotations.get(f"{PREFIX}rotate")
        problems = []
        if status.get("observedGeneration") != found["metadata"]["generation"]:
            problems.append("its generation is not observed")
        if status.get("claim"):
            problems.append(f"a claim is open: {status['claim']}")
        if asked and status.get("lastHandledRotate") != asked:
            problems.append("the rotation asked for is not handled")
        ready = _condition(found, "Ready")
        if ready[0] != "True" and not (revoked and ready[1] == "Revoked"):
            problems.append(f"Ready is {ready}")
        if problems:
            self.say("unsettled", who, "; ".join(problems), *needles)

    def strays(self, who, status, keys, needles):
        overlap = {each["keyID"]: each for each in status.get("previousKeys", [])}
        for key in keys.values():
            previous = overlap.get(key["id"])
            if key["id"] == status.get("keyID"):
                continue
            if previous is None:
                self.say("stray", who, f"nothing refers to {key['id']} {key['name']}, "
                         f"{key['state']}", *needles, key["id"])
            elif _seconds(previous["retireAt"]) <= self.seen.now:
                self.say("overdue", who, f"{key['id']} had to go at {previous['retireAt']}",
                         *needles, key["id"])

    def revoked(self, who, keys, needles):
        """Nobody may enrol; so there need be no key, and the Secret has nothing to carry."""
        live = [key["id"] for key in keys.values() if key["valid"]]
        if live:
            self.say("unrevoked", who, f"is revoked, but {live} enrol peers", *needles, *live)

    def active_key(self, who, found, active, needles):
        spec = found["spec"]
        mark = MARK.search(active["name"])
        if int(mark[2]) != found["status"].get("revision"):
            self.say("revision", who, f"status says {found['status'].get('revision')}, the key's "
                     f"name {active['name']}", *needles)
        if not active["valid"]:
            self.say("dead", who, f"its key {active['id']} is {active['state']}", *needles)
        wanted = (spec.get("usageLimit", 0), spec.get("type", "reusable"),
                  sorted(each["id"] for each in spec.get("autoGroups", [])))
        is_so = (active["usage_limit"], active["type"], sorted(active["auto_groups"] or []))
        if wanted != is_so:
            self.say("settings", who, f"wanted {wanted}, NetBird has {is_so}", *needles)

    def secret(self, who, found, active, needles):
        status, spec = found["status"], found["spec"]
        namespace = found["metadata"]["namespace"]
        where = f"{namespace}/{spec.get('secretName', found['metadata']['name'])}"
        secret = self.secrets.get(where)
        entry = spec.get("secretKey", "setup-key")
        if secret is None or not (secret.get("data") or {}).get(entry):
            self.say("no secret", who, f"there is no key in Secret {where}", *needles)
            return
        owners = [each["uid"] for each in secret["metadata"].get("ownerReferences", [])
                  if each.get("controller")]
        if owners != [found["metadata"]["uid"]]:
            self.say("owner", who, f"Secret {where} belongs to {owners}", *needles)
        annotations = secret["metadata"].get("annotations", {})
        if annotations.get(f"{PREFIX}key-id") != active["id"]:
            self.say("other key", who, f"Secret {where} names {annotations.get(f'{PREFIX}key-id')}"
                     f", in use is {active['id']}", *needles)
        value = base64.b64decode(secret["data"][entry]).decode("utf-8", "replace")
        digest = hashlib.sha256(value.encode()).hexdigest()
        told = self.seen.digests.get(active["id"], digest)
        if value[:5] != active["key"][:5] or digest != told:
            self.say("wrong key", who, f"what Secret {where} holds is not {active['id']}",
                     *needles)
        if digest not in (status.get("keyDigest"), annotations.get(f"{PREFIX}digest")) or (
                status.get("keyDigest") != annotations.get(f"{PREFIX}digest")):
            self.say("digest", who, "the digests in status and Secret are not that of the key",
                     *needles)
        labels = (spec.get("secretTemplate") or {}).get("labels") or {}
        if not labels.items() <= secret["metadata"].get("labels", {}).items():
            self.say("template", who, f"Secret {where} lacks {labels}", *needles)

    def all_secrets(self):
        uids = {each["metadata"]["uid"] for each in self.seen.setup_keys}
        values = {}
        for where, secret in self.secrets.items():
            uid = secret["metadata"]["labels"].get(f"{PREFIX}setupkey-uid")
            if uid not in uids:
                self.say("orphan", where, f"is of SetupKey {uid}, which is gone",
                         secret["metadata"]["name"])
            for value in (secret.get("data") or {}).values():
                if value and values.setdefault(value, where) != where:
                    self.say("shared", where, f"holds the same key as {values[value]}",
                             secret["metadata"]["name"])


def judge(seen):
    """All that is wrong; [] when every SetupKey has exactly one live key, in its Secret."""
    return Judge(seen).run()


def look(kubectl, netbird, posted, digests, now):
    """Looks at both servers. NetBird last: a key made meanwhile would show as a stray, and the
    next look clears that up; the other way round, one could be overlooked."""
    setup_keys = kubectl.list("setupkeys", "--all-namespaces")
    secrets = kubectl.list("secrets", "--all-namespaces", f"--selector={PREFIX}setupkey-uid")
    keys = netbird.keys()
    assert keys is not None, "NetBird does not answer the checker"
    return Seen(setup_keys, secrets, keys, posted, digests, now())
