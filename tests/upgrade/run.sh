#!/bin/bash
# Upgrade, rollback and both releases side by side, on the sandbox. Options go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

NBKEYS_BEFORE=$(./build.sh)
export NBKEYS_BEFORE PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -c pytest.ini -p no:cacheprovider -ra "$@"
