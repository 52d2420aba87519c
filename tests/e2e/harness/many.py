"""Looks at many SetupKeys at once: one list per kind instead of calls per resource."""

import hashlib

from .kubectl import secret_value
from .netbird import mark_prefix
from .scene import setup_key, status_of


def names(prefix, count):
    return [f"{prefix}-{number:04d}" for number in range(count)]


def create(scene, wanted, /, **spec):
    """Creates them all by one kubectl, and remembers their uids."""
    scene.kubectl.create(*[setup_key(name, **spec) for name in wanted])
    remember(scene)


def remember(scene):
    for each in scene.kubectl.list("setupkeys"):
        scene.uids[each["metadata"]["name"]] = each["metadata"]["uid"]


def unsound(scene, wanted):
    """A list of what is wrong with those SetupKeys; [] when all three places agree."""
    objects = {each["metadata"]["name"]: each for each in scene.kubectl.list("setupkeys")}
    secrets = {each["metadata"]["name"]: each for each in scene.kubectl.list("secrets")}
    keys = scene.netbird.keys()
    by_mark = {}
    for key in keys:
        mark = key["name"].rpartition("[")[2].rpartition("-r")[0]
        by_mark.setdefault(f"[{mark}-r", []).append(key)
    wrong = []
    for name in wanted:
        problem = _unsound_one(objects.get(name), secrets.get(name), by_mark)
        if problem:
            wrong.append(f"{name}: {problem}")
    for secret in secrets.values():
        scene.world.learn(secret)
    return wrong


def _unsound_one(found, secret, by_mark):
    if found is None:
        return "no SetupKey"
    if status_of(found, "Ready") != "True":
        return f"Ready is {status_of(found, 'Ready')}"
    value = secret_value(secret)
    if value is None:
        return "no key in the Secret"
    keys = by_mark.get(mark_prefix(found["metadata"]["uid"]), [])
    if len(keys) != 1:
        return f"NetBird holds {[key['name'] for key in keys]}"
    status = found["status"]
    if not keys[0]["valid"] or keys[0]["id"] != status.get("keyID"):
        return f"NetBird's key {keys[0]['id']} is {keys[0]['state']}"
    if keys[0]["key"][:5] != value[:5]:
        return "the Secret holds another key"
    if hashlib.sha256(value.encode()).hexdigest() != status.get("keyDigest"):
        return "the digest differs"
    return None


def await_sound(scene, wanted, timeout):
    """Waits for all of them; each revision was POSTed at most once."""
    def probe():
        wrong = unsound(scene, wanted)
        assert not wrong, f"{len(wrong)} of {len(wanted)} are not sound: {wrong[:5]}"
        return True
    scene.await_(f"{len(wanted)} SetupKeys are sound", probe, wanted[0], timeout, 0.5)
    marks = {scene.mark(name) for name in wanted}
    posts = [post for post, _ in list(scene.world.posts)
             if post[post.rfind("["):post.rfind("-r") + 2] in marks]
    assert len(posts) == len(set(posts)), "a revision was POSTed twice"
    return posts
