#!/bin/bash
# Tests metrics, alerts and dashboard with the real Prometheus: nbkeys against its sandbox, scraped
# once a second. Builds Prometheus where that is needed; nbkeys and nbkeys_sandbox are taken from
# NBKEYS_BUILD (build/release). Options go to pytest: run.sh -k dashboard
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

NBKEYS_PROMETHEUS=$(./build.sh)
export NBKEYS_PROMETHEUS PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -c pytest.ini -p no:cacheprovider -ra --durations=5 "$@"
