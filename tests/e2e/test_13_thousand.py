"""13 and 15. A thousand SetupKeys at once, at rest, and found again at start."""

import time

import pytest

from harness import many
from harness.scene import Scene
from harness.wait import until

COUNT = 1000
LISTS = ("GET", r"^/api/setup-keys$")
# The default budget is meant for NetBird's own limits; the local server has none.
FLAGS = ("--netbird-requests-per-minute=600000", "--netbird-burst=10000")
CHANGES = "POST|PUT|PATCH|DELETE"
# But for the question whether the token may write, which is about a key that cannot exist.
KEYS = "/api/(?!setup-keys/nbkeys-may-i-write)"


@pytest.fixture(scope="module")
def crowd(world):
    """A scene with a thousand SetupKeys, created while an operator runs. The operator is stopped
    again when all of them are sound; the requests until then are what test 13 looks at."""
    scene = Scene(world, "e2e-crowd", "test_13_thousand")
    scene.open()
    scene.names = many.names("crowd", COUNT)
    operator = scene.operator("--resync=5m", *FLAGS).start()
    started = time.monotonic()
    many.create(scene, scene.names)
    created = time.monotonic()
    scene.posts_made = many.await_sound(scene, scene.names, 180)
    print(f"\n{COUNT} SetupKeys: created in {created - started:.1f} s, "
          f"all sound {time.monotonic() - created:.1f} s later")
    scene.requests = scene.netbird_proxy.seen()
    operator.stop()
    yield scene
    scene.close()


@pytest.fixture
def quiet(crowd):
    crowd.kube_proxy.forget()
    crowd.netbird_proxy.forget()
    yield crowd
    for each in crowd.operators:
        each.stop()


def test_13_all_secrets_are_right(crowd):
    assert many.unsound(crowd, crowd.names) == []


def test_13_exactly_one_post_per_key(crowd):
    posts = [each for each in crowd.requests if each.matches("POST", "^/api/setup-keys$")]
    assert len(posts) == COUNT
    assert len(crowd.posts_made) == COUNT


def test_13_no_call_per_key_but_the_post(crowd):
    per_key = [each for each in crowd.requests if each.matches(
        ".*", "^/api/setup-keys/(?!nbkeys-may-i-write)")]
    assert per_key == []
    others = [each for each in crowd.requests if not each.matches("POST", "^/api/setup-keys$")]
    assert len(others) <= 10, others


def test_13_at_rest_one_list_per_resync(quiet):
    quiet.operator("--resync=3s", *FLAGS).start()
    until("the first lists", lambda: quiet.netbird_proxy.count(*LISTS) >= 2, 30)
    since = quiet.netbird_proxy.seen(*LISTS)[-1].time
    until("three resyncs more", lambda: quiet.netbird_proxy.count(*LISTS, since=since) >= 4, 60)
    lists = quiet.netbird_proxy.seen(*LISTS, since=since)
    gaps = [later.time - earlier.time for earlier, later in zip(lists, lists[1:])]
    assert min(gaps) >= 1.5, gaps
    others = [each for each in quiet.netbird_proxy.seen(since=since) if each not in lists]
    assert len(others) <= len(lists) and all(each.matches("GET", "^/api/groups$")
                                             for each in others), others


def settled(scene):
    """Waits until a fresh operator has seen everything and a further resync has passed."""
    lists = scene.netbird_proxy.count(*LISTS)
    until("two more lists of NetBird's keys",
          lambda: scene.netbird_proxy.count(*LISTS) >= lists + 3, 60)


def test_15_start_with_a_thousand_existing_is_no_write(quiet):
    operator = quiet.operator("--resync=3s", *FLAGS).start()
    settled(quiet)
    assert quiet.kube_proxy.seen(CHANGES) == []
    assert quiet.netbird_proxy.seen(CHANGES, KEYS) == []
    assert operator.running()


def test_15_start_reads_no_secret_one_by_one(quiet):
    quiet.operator("--resync=3s", *FLAGS).start()
    settled(quiet)
    assert quiet.kube_proxy.seen("GET", r"/secrets/[^?]") == []
    assert quiet.kube_proxy.seen("GET", r"/setupkeys/[^?]") == []
    # Lists come in pages, and a watch for each kind is opened once or twice.
    assert quiet.kube_proxy.count("GET", r"/(setupkeys|secrets)(\?|$)") <= 30


def test_15_killed_and_started_is_no_write_either(quiet):
    operator = quiet.operator("--resync=3s", *FLAGS).start()
    settled(quiet)
    operator.kill()
    quiet.kube_proxy.forget()
    quiet.netbird_proxy.forget()
    operator.start()
    settled(quiet)
    assert quiet.kube_proxy.seen(CHANGES) == [] and quiet.netbird_proxy.seen(CHANGES, KEYS) == []
