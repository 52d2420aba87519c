#!/bin/bash
# Builds the operator of the release before from this repository's history, once, and prints its path as the
# only line of its standard output; nothing where a shallow clone has no such history.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NBKEYS_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbkeys/e2e}
# The commit whose objects, Secrets and key names this operator takes over.
before=$(cat "$here/release-before")
folder=$cache/before-${before:0:16}

say() { echo "build.sh: $*" >&2; }

if [[ ! -x $folder/nbkeys ]]; then
  if ! git -C "$here" cat-file -e "$before^{commit}" 2>/dev/null; then
    say "commit $before is not in this clone: fetch the whole history (git fetch --unshallow)"
    [[ $(git -C "$here" rev-parse --is-shallow-repository) == true ]]
    exit
  fi
  mkdir -p "$folder"
  exec 9>"$folder/.lock"
  flock 9
fi
if [[ ! -x $folder/nbkeys ]]; then
  say "building the operator of the release before (minutes the first time)"
  rm -rf "$folder/source"
  mkdir "$folder/source"
  git -C "$here/../.." archive "$before" | tar -x -C "$folder/source"
  (
    cd "$folder/source"
    cmake --preset release -DNBKEYS_TESTS=OFF
    nice -n 10 cmake --build build/release --target nbkeys
  ) >&2
  # Under its name only when it is whole, so that an interrupted build leaves no false result.
  mv "$folder/source/build/release/nbkeys" "$folder/nbkeys"
  rm -rf "$folder/source"
fi
echo "$folder/nbkeys"
