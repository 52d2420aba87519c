#!/bin/bash
# The shared behaviour suite in the real world: the same tests as on the fakes, on a real kube-apiserver and a
# real NetBird server, seen through kubectl and curl; but for crashes at each step, which tests/chaos makes on
# these servers, big objects (test_20), and the tests of the fakes. Options go to the suite.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
suite=${NBKEYS_BEHAVIOUR:-../../build/release/tests/behaviour_tests}
suite=$(realpath "$suite")

servers/build.sh >/dev/null
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m harness run -- "$suite" --world=real --gtest_brief=1 \
  "--gtest_filter=-*CrashTest.*:KubeTest.*:NetBirdTest.*:BigTest.ATenants*:BigTest.ForeignAnnotations*" "$@"
