#!/bin/bash
# Installs the chart with Helm on a one-node cluster with real pods and a real NetBird. Needs root and
# the packages that node.py names; builds Helm and the servers where that is needed. NBKEYS_IMAGE names
# the image as a docker-archive, as the Dockerfile builds it; without it build/release/nbkeys is packed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

[[ $(id -u) == 0 ]] || {
  echo "run.sh: a node needs root" >&2
  exit 1
}
NBKEYS_HELM=$(../e2e/servers/build.sh helm)/helm
NBKEYS_NODE=$(../e2e/servers/build.sh node)
NBKEYS_SERVERS=$(../e2e/servers/build.sh)
export NBKEYS_HELM NBKEYS_NODE NBKEYS_SERVERS PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -c pytest.ini -p no:cacheprovider -ra --durations=5 "$@"
