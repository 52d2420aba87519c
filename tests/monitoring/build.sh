#!/bin/bash
# Builds Prometheus and promtool from their Go module, without service discovery and web assets, and
# prints the folder that holds them as the only line of its standard output. What is there already is
# not built again; the folder's name is a digest of everything that decides what is built.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NBKEYS_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbkeys/e2e}
module=$here/prometheus
digest=$(cat "${BASH_SOURCE[0]}" "$module/go.mod" "$module/go.sum" | sha256sum | cut -c1-16)
bin=$cache/prometheus-$digest

say() { echo "build.sh: $*" >&2; }

if [[ ! -x $bin/prometheus || ! -x $bin/promtool ]]; then
  command -v go >/dev/null || {
    say "Go is not on the PATH. Install Go 1.25 or newer: https://go.dev/doc/install"
    exit 1
  }
  mkdir -p "$bin"
  exec 9>"$bin/.lock"
  flock 9
fi
for name in prometheus promtool; do
  [[ -x $bin/$name ]] && continue
  say "building $name (minutes the first time)"
  (
    cd "$module"
    CGO_ENABLED=0 GOFLAGS=-mod=readonly GOWORK=off nice -n 10 \
      go build -trimpath -buildvcs=false -tags remove_all_sd -ldflags "-s -w" \
      -o "$bin/.$name.new" "github.com/prometheus/prometheus/cmd/$name"
  ) >&2
  # Under its name only when it is whole, so that an interrupted build leaves no false result.
  mv "$bin/.$name.new" "$bin/$name"
done
echo "$bin"
