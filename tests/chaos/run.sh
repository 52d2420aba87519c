#!/bin/bash
# Builds the real servers where that is needed, runs the chaos suite against them and ends with its
# exit status. Options go to pytest: run.sh -k storm
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

../e2e/servers/build.sh >/dev/null
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -c pytest.ini -p no:cacheprovider -ra -s "$@"
