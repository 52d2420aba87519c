"""One arena per run. The first round that fails ends the troubles; the searches still run."""

import shutil

import pytest

from arena import Arena, minutes, seed


@pytest.fixture(scope="session")
def arena(request):
    made = Arena(seed())
    print(f"\nchaos: seed {made.seed}, {minutes():g} minutes; NBKEYS_CHAOS_SEED={made.seed} "
          f"NBKEYS_CHAOS_MINUTES={minutes():g} repeats it; logs in {made.world.folder}", flush=True)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        if request.session.testsfailed:
            shutil.rmtree(made.world.folder / "etcd", ignore_errors=True)
            print(f"\nseed {made.seed}; logs are kept in {made.world.folder}")
        else:
            made.world.remove()
