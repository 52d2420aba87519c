#!/usr/bin/env python3
"""Writes argocd-cm.yaml from the Lua files beside it; with --check only says whether it is current.

The patch is for those whose Argo CD does not ship the files of resource_customizations itself."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LUA = HERE / "resource_customizations" / "keys.netbird.io" / "SetupKey"
PATCH = HERE / "argocd-cm.yaml"

HEAD = """\
# Teaches Argo CD the health of SetupKeys and the action `rotate`. Written by render.py. Use:
#   kubectl --namespace argocd patch configmap argocd-cm --patch-file argocd-cm.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
  namespace: argocd
  labels:
    app.kubernetes.io/part-of: argocd
data:
"""


def block(path, indent):
    """The file as a YAML block."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in lines)


def actions():
    found = "    discovery.lua: |\n" + block(LUA / "actions" / "discovery.lua", 6)
    found += "    definitions:\n"
    for path in sorted((LUA / "actions").glob("*/action.lua")):
        found += f"      - name: {path.parent.name}\n        action.lua: |\n" + block(path, 10)
    return found


def rendered():
    return (HEAD
            + "  resource.customizations.health.keys.netbird.io_SetupKey: |\n"
            + block(LUA / "health.lua", 4)
            + "  resource.customizations.actions.keys.netbird.io_SetupKey: |\n"
            + actions())


def main():
    if sys.argv[1:] == ["--check"]:
        if not PATCH.exists() or PATCH.read_text(encoding="utf-8") != rendered():
            sys.exit(f"{PATCH.name} is not what the Lua files give: run deploy/argocd/render.py")
    elif sys.argv[1:]:
        sys.exit("usage: render.py [--check]")
    else:
        PATCH.write_text(rendered(), encoding="utf-8")


if __name__ == "__main__":
    main()
