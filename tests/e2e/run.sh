#!/bin/bash
# Builds the real servers where that is needed, runs the suite against them and ends with its exit
# status. Options go to pytest: run.sh -k test_03, run.sh -x test_09_kill.py
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

servers/build.sh >/dev/null
../gitops/build.sh >/dev/null
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -c pytest.ini -p no:cacheprovider -ra --durations=10 "$@"
