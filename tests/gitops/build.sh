#!/bin/bash
# Builds the judge, the program that says what Argo CD and Flux would say, and prints its path as
# the only line of its standard output. It is built anew only when its sources have changed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NBKEYS_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbkeys/e2e}
digest=$(cat "${BASH_SOURCE[0]}" "$here"/judge/{go.mod,go.sum} "$here"/judge/*.go |
  sha256sum | cut -c1-16)
judge=$cache/judge-$digest/judge

say() { echo "build.sh: $*" >&2; }

if [[ ! -x $judge ]]; then
  command -v go >/dev/null || {
    say "Go is not on the PATH. Install Go 1.25 or newer: https://go.dev/doc/install"
    exit 1
  }
  mkdir -p "${judge%/*}"
  exec 9>"${judge%/*}/.lock"
  flock 9
  if [[ ! -x $judge ]]; then
    say "building the judge (minutes the first time)"
    (
      cd "$here/judge"
      CGO_ENABLED=0 GOFLAGS=-mod=readonly GOWORK=off \
        go build -trimpath -buildvcs=false -ldflags "-s -w" -o "$judge.new" .
    ) >&2
    mv "$judge.new" "$judge"
  fi
fi
echo "$judge"
