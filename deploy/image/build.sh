#!/bin/bash
# build.sh [ARCHIVE]: builds nbkeys:latest from the Dockerfile with docker, podman or buildah, whichever
# is there, and with a file name saves it there as a docker-archive. IMAGE and BASE name another image to
# build and another base, BUILDER one of the three.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

image=${IMAGE:-nbkeys:latest}
options=(--tag "$image" ${BASE:+--build-arg "BASE=$BASE"})
builder=
for each in ${BUILDER:-docker podman buildah}; do
  # A client alone, whose daemon does not run, is of no use.
  if command -v "$each" >/dev/null && "$each" info >/dev/null 2>&1; then
    builder=$each
    break
  fi
done
case $builder in
  docker | podman) "$builder" build "${options[@]}" . ;;
  buildah) buildah build ${BUILDAH_OPTIONS:-} "${options[@]}" . ;;
  *)
    echo "build.sh: none of docker, podman and buildah works here; on Debian: apt-get install buildah" >&2
    exit 1
    ;;
esac
if [[ -n ${1:-} ]]; then
  case $builder in
    docker | podman) "$builder" save --output "$1" "$image" ;;
    buildah) buildah push --quiet "$image" "docker-archive:$1:$image" ;;
  esac
fi
