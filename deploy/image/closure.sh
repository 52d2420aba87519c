#!/bin/sh
# closure.sh PROGRAM FOLDER: copies a program, the libraries that it loads and the CA certificates into
# a folder that can be the whole root of a container.
set -eu

program=$1
root=$2

copy() {
  mkdir -p "$root$(dirname "$1")"
  cp -L "$1" "$root$1"
}

copy "$program"
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do copy "$library"; done
copy /etc/ssl/certs/ca-certificates.crt
# Names are looked up in /etc/hosts first, which the kubelet writes, and then by DNS.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
echo 'nbkeys:x:65532:65532::/:/sbin/nologin' >"$root/etc/passwd"
echo 'nbkeys:x:65532:' >"$root/etc/group"

chroot "$root" "$program" --help >/dev/null
