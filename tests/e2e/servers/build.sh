#!/bin/bash
# Builds real servers and tools that the tests run against, and prints the folder that holds them as
# the last and only line of its standard output. What is there already is not built again; the
# folder's name is a digest of everything that decides what is built.
#
#   build.sh          the servers of the end-to-end tests
#   build.sh helm     Helm, for tests/chart
#   build.sh node     what a node of a cluster runs, for tests/cluster
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NBKEYS_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbkeys/e2e}
group=${1:-servers}

# One line per program: group, name, module folder, package, CGO_ENABLED, extra linker flags.
# NetBird's server keeps its data in SQLite, which is C; the others need no C compiler. It is also
# the only one that cannot be told to listen on loopback only, so it is built to do so.
kube=k8s.io/component-base/version
kube_version="-X $kube.gitVersion=v1.35.4 -X $kube.gitMajor=1 -X $kube.gitMinor=35"
netbird_version="-X github.com/netbirdio/netbird/version.version=0.77.1"
helm_version="-X helm.sh/helm/v4/internal/version.version=v4.1.0"
programs=$(grep "^$group|" <<EOF | cut -d'|' -f2- || true
servers|etcd|etcd|go.etcd.io/etcd/server/v3|0|
servers|kube-apiserver|kubernetes|k8s.io/kubernetes/cmd/kube-apiserver|0|$kube_version
servers|kubectl|kubernetes|k8s.io/kubernetes/cmd/kubectl|0|$kube_version
servers|kube-controller-manager|kubernetes|k8s.io/kubernetes/cmd/kube-controller-manager|0|$kube_version
servers|netbird-server|netbird|github.com/netbirdio/netbird/combined|1|$netbird_version
servers|netbird|netbird-client|github.com/netbirdio/netbird/client|0|$netbird_version
node|kubelet|node|k8s.io/kubernetes/cmd/kubelet|0|$kube_version
node|kube-proxy|node|k8s.io/kubernetes/cmd/kube-proxy|0|$kube_version
node|kube-scheduler|node|k8s.io/kubernetes/cmd/kube-scheduler|0|$kube_version
helm|helm|helm|helm.sh/helm/v4/cmd/helm|0|$helm_version
EOF
)

say() { echo "build.sh: $*" >&2; }

digest() {
  local module
  {
    sed '1,/^say()/d' "${BASH_SOURCE[0]}"
    echo "$programs"
    for module in $(cut -d'|' -f2 <<<"$programs" | sort -u); do
      cat "$here/$module/go.mod" "$here/$module/go.sum"
    done
  } | sha256sum | cut -c1-16
}

missing() {
  local name
  while IFS='|' read -r name _; do
    [[ -z $name || -x $bin/$name ]] || echo "$name"
  done <<<"$programs"
}

require_go() {
  command -v go >/dev/null || {
    say "Go is not on the PATH. Install Go 1.25 or newer: https://go.dev/doc/install"
    exit 1
  }
  local version
  version=$(GOTOOLCHAIN=local go env GOVERSION)
  [[ $version =~ ^go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 25)) || {
    say "Go $version is too old: 1.25 or newer is needed."
    exit 1
  }
  [[ $programs != *'|1|'* ]] || command -v gcc >/dev/null || {
    say "gcc is missing and NetBird's server needs it: apt-get install gcc libc6-dev"
    exit 1
  }
}

# NetBird's server listens on every interface, whatever its configuration says. A test server must
# not, so Go's own Listen is overlaid: an address that starts with a colon (58) gets loopback. And
# its port for old agents is a fixed one, so that no two servers could run, nor one when an outgoing
# connection has that port; any port will do here.
loopback_overlay() {
  local source signature patch
  source=$(go env GOROOT)/src/net/dial.go
  signature='^func (lc \*ListenConfig) Listen(ctx context.Context, network, address string) .*{$'
  patch='if address == ":33073" { address = ":0" };'
  patch+=' if len(address) > 0 \&\& address[0] == 58 { address = "127.0.0.1" + address }'
  sed "s/$signature/& $patch/" "$source" >"$bin/.dial.go"
  if cmp -s "$source" "$bin/.dial.go"; then
    say "this Go's net.ListenConfig.Listen is not the one that this script knows"
    exit 1
  fi
  printf '{"Replace": {"%s": "%s"}}\n' "$source" "$bin/.dial.go" >"$bin/.overlay.json"
}

# A program appears under its name only when it is whole, so an interrupted build leaves nothing
# that a later run would take for a result.
build() {
  local name=$1 module=$2 package=$3 cgo=$4 flags=$5 started=$SECONDS overlay=()
  if [[ $name == netbird-server ]]; then
    loopback_overlay
    overlay=(-overlay "$bin/.overlay.json")
  fi
  say "building $name (minutes the first time)"
  (
    cd "$here/$module"
    CGO_ENABLED=$cgo GOFLAGS=-mod=readonly GOWORK=off \
      go build -trimpath -buildvcs=false "${overlay[@]}" -ldflags "-s -w $flags" \
      -o "$bin/.$name.new" "$package"
  ) >&2
  mv "$bin/.$name.new" "$bin/$name"
  say "built $name in $((SECONDS - started)) s"
}

[[ -n $programs ]] || {
  say "there is no group of programs '$group'"
  exit 2
}
bin=$cache/bin-$(digest)
if [[ -n $(missing) ]]; then
  require_go
  mkdir -p "$bin"
  exec 9>"$bin/.lock"
  flock 9
  while IFS='|' read -r name module package cgo flags; do
    [[ -z $name || -x $bin/$name ]] || build "$name" "$module" "$package" "$cgo" "$flags"
  done <<<"$programs"
fi
echo "$bin"
