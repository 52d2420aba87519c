#!/bin/bash
# The part of the GitOps tests that needs no servers. Options go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

NBKEYS_JUDGE=$(./build.sh)
export NBKEYS_JUDGE PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -c pytest.ini -p no:cacheprovider -ra "$@"
