#!/bin/bash
# Tests the Helm chart: what it renders, what it refuses, and that a real kube-apiserver takes it and
# Helm installs, upgrades and uninstalls it there. Builds Helm and the servers where that is needed;
# ends with pytest's exit status. Options go to pytest: run.sh -k schema
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

NBKEYS_HELM=$(../e2e/servers/build.sh helm)/helm
NBKEYS_SERVERS=$(../e2e/servers/build.sh)
export NBKEYS_HELM NBKEYS_SERVERS PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -c pytest.ini -p no:cacheprovider -ra --durations=5 "$@"
