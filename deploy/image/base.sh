#!/bin/bash
# base.sh NAME: makes a Debian 12 base image with mmdebstrap out of the packages that this machine's apt
# can reach, for building the Dockerfile where no base image can be pulled (needs root, mmdebstrap and
# buildah): deploy/image/base.sh localhost/debian:bookworm
set -euo pipefail

name=${1:?the name of the image to make}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mmdebstrap --variant=apt --include=ca-certificates bookworm "$root/root" >&2
# What this machine needs to reach its packages, the build needs too.
find /etc/apt/apt.conf.d /etc/apt/auth.conf.d -type f ! -name 'docker-*' 2>/dev/null |
  { xargs -r grep -liE 'proxy|verify-peer|CaInfo' || true; } | while read -r file; do
    mkdir -p "$root/root$(dirname "$file")"
    cp "$file" "$root/root$file"
  done
# Files alone: /dev, /proc and /sys are the container's own.
tar -C "$root/root" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -cf "$root/root.tar" .
container=$(buildah from scratch)
buildah add --quiet "$container" "$root/root.tar" / >/dev/null
buildah commit --quiet "$container" "$name" >/dev/null
buildah rm "$container" >/dev/null
echo "$name"
