#!/bin/bash
# Makes the archive that the krew manifest names: the program, its libraries except for glibc's,
# and the licence. Prints its path and its SHA-256.
#   deploy/krew/archive.sh [OUT_FOLDER]        default: build/krew
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$(mkdir -p "${1:-$root/build/krew}" && cd "${1:-$root/build/krew}" && pwd)
machine=$(uname -m)
case "$machine" in
  x86_64) machine=amd64 ;;
  aarch64) machine=arm64 ;;
esac

# RPATH and not RUNPATH, so that the libraries find each other there as well.
cmake -S "$root" -B "$out/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DNBKEYS_TESTS=OFF \
  -DCMAKE_INSTALL_BINDIR=. '-DCMAKE_INSTALL_RPATH=$ORIGIN/lib' \
  -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags >/dev/null
cmake --build "$out/build" --target nbkeys >&2
rm -rf "$out/stage"
mkdir -p "$out/stage/lib"
cmake --install "$out/build" --prefix "$out/stage" --strip >/dev/null
cp "$root/LICENSE" "$out/stage/"

# glibc belongs to the user's system: its parts must fit the loader there.
ldd "$out/build/nbkeys" | awk '$2 == "=>" {print $3}' |
  grep -Ev '/lib(c|m|pthread|dl|rt|resolv)\.so\.' | while read -r library; do
    cp -L "$library" "$out/stage/lib/"
  done

archive="$out/kubectl-nbkeys_linux_$machine.tar.gz"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$out/stage" -cf - . |
  gzip -9n >"$archive"
echo "$archive"
sha256sum "$archive" | cut -d' ' -f1
