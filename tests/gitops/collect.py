#!/usr/bin/env python3
"""Writes objects/: a SetupKey in every state of states.py, from a run on the real servers.

    tests/gitops/collect.py [STATE...]

Needs what tests/e2e needs. To be run again when the operator words or sets a condition anew."""

import sys
import uuid
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness.scene import Scene  # noqa: E402
from harness.world import World  # noqa: E402

import states  # noqa: E402

OBJECTS = HERE / "objects"
# One keeps what kubectl hides, for the action, which Argo CD gives the whole object.
WHOLE = "issued"


class Stage(Scene):
    """A scene that can also undo what a state needed."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.undo = []

    def run(self):
        return self.operator("--resync=2s").start()

    def close(self):
        for step in self.undo:
            step()
        super().close()


def collect(world, state):
    name = state.__name__.replace("_", "-")
    stage = Stage(world, f"e2e-{uuid.uuid4().hex[:8]}", name)
    stage.open()
    try:
        found = state(stage)
        if name == WHOLE:
            found = yaml.safe_load(stage.kubectl.run(
                "get", "setupkey", found["metadata"]["name"], "--output=json",
                "--show-managed-fields"))
        found["metadata"]["namespace"] = "netbird-keys"
        annotations = found["metadata"].get("annotations", {})
        annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None)
        if not annotations:
            found["metadata"].pop("annotations", None)
        (OBJECTS / f"{name}.yaml").write_text(yaml.safe_dump(found, width=100), encoding="utf-8")
    finally:
        stage.close()
    print(f"collected {name}", flush=True)


def main():
    wanted = sys.argv[1:] or [state.__name__ for state in states.STATES]
    known = {state.__name__: state for state in states.STATES}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"unknown: {' '.join(unknown)}; known: {' '.join(known)}")
    OBJECTS.mkdir(exist_ok=True)
    world = World()
    try:
        world.start()
        for name in wanted:
            collect(world, known[name])
    finally:
        world.stop()
        world.remove()


if __name__ == "__main__":
    main()
