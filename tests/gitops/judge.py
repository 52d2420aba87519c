"""The judge as the tests call it, and where the files are that it judges by."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OBJECTS = HERE / "objects"
ARGOCD = ROOT / "deploy" / "argocd"
LUA = ARGOCD / "resource_customizations" / "keys.netbird.io" / "SetupKey"
HEALTH = LUA / "health.lua"
DISCOVERY = LUA / "actions" / "discovery.lua"
ROTATE = LUA / "actions" / "rotate" / "action.lua"


@cache
def program():
    """The judge, built where that is needed."""
    built = os.environ.get("NBKEYS_JUDGE")
    if built is None:
        built = subprocess.run([HERE / "build.sh"], check=True, stdout=subprocess.PIPE,
                               text=True).stdout.strip()
    return built


def try_judge(*words, env=None):
    return subprocess.run([program(), *map(str, words)], env=env, check=False,
                          capture_output=True, text=True, timeout=120)


def judge(*words, env=None):
    """What the judge says, line by line."""
    done = try_judge(*words, env=env)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def collected(name):
    return yaml.safe_load((OBJECTS / f"{name}.yaml").read_text(encoding="utf-8"))
