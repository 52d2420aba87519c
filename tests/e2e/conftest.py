"""One world per run, one namespace per test, and what a failure needs to be understood."""

import shutil
import uuid

import pytest

from harness.netbird import AnotherNetBird
from harness.scene import Scene
from harness.wait import Late
from harness.world import World


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds what the servers, the proxies and the operator show to the text of a failure."""
    outcome = yield
    report = outcome.get_result()
    scene = getattr(item, "funcargs", {}).get("scene")
    # What came too late says by itself what was there instead.
    told = call.excinfo is not None and call.excinfo.errisinstance(Late)
    if report.when == "call" and report.failed and scene is not None and not told:
        report.sections.append(("the scene", scene.dump()))


def pytest_collection_modifyitems(items):
    """The search for leaked keys looks at all that the others have left, so it comes last."""
    items.sort(key=lambda item: "test_14_leaks" in item.nodeid)


@pytest.fixture(scope="session")
def world(request):
    made = World()
    try:
        made.start()
        yield made
    finally:
        made.stop()
        if request.session.testsfailed:
            shutil.rmtree(made.folder / "etcd", ignore_errors=True)
            print(f"\nlogs are kept in {made.folder}")
        else:
            made.remove()


@pytest.fixture
def scene(world, request):
    """A namespace of its own, with operators that watch only it."""
    made = Scene(world, f"e2e-{uuid.uuid4().hex[:8]}", request.node.name)
    made.open()
    yield made
    made.close()


@pytest.fixture
def operator(scene):
    """A running operator with a short resync, for tests that need nothing special."""
    return scene.operator("--resync=2s").start()


@pytest.fixture
def another_netbird(scene, request):
    made = []

    def make(**env):
        made.append(AnotherNetBird(scene.world, f"{scene.namespace}-netbird", **env))
        return made[-1]
    yield make
    for each in scene.operators:
        each.stop()
    for each in made:
        each.server.stop()
