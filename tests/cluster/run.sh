#!/bin/bash
# Installs the chart with Helm on a one-node cluster with real pods and a real NetBird. Needs root and
# the packages that node.py names; builds the image, Helm and the servers where that is needed.
# NBKEYS_IMAGE names another image, as a docker-archive; without buildah, or with NBKEYS_DOCKERFILE=0,
# build/release/nbkeys is packed with its libraries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

[[ $(id -u) == 0 ]] || {
  echo "run.sh: a node needs root" >&2
  exit 1
}
# The image that users get, by the very Dockerfile, where buildah can make it here.
if [[ -z ${NBKEYS_IMAGE:-} && ${NBKEYS_DOCKERFILE:-1} == 1 ]] && command -v buildah mmdebstrap >/dev/null; then
  NBKEYS_IMAGE=$(realpath ../../build)/nbkeys-image.tar
  NBKEYS_IMAGE_NAME=localhost/nbkeys:test
  export NBKEYS_IMAGE NBKEYS_IMAGE_NAME
  rm -f "$NBKEYS_IMAGE"
  buildah inspect --type=image localhost/nbkeys-base >/dev/null 2>&1 ||
    ../../deploy/image/base.sh localhost/nbkeys-base
  IMAGE=$NBKEYS_IMAGE_NAME BASE=localhost/nbkeys-base BUILDAH_OPTIONS="--isolation chroot --layers" BUILDER=buildah \
    ../../deploy/image/build.sh "$NBKEYS_IMAGE"
  size=$(gzip -9 -c "$NBKEYS_IMAGE" | wc -c)
  echo "image: $((size / 1000)) kB compressed"
  ((size <= 15000000)) || { echo "run.sh: the image is larger than 15 MB" >&2; exit 1; }
fi
NBKEYS_HELM=$(../e2e/servers/build.sh helm)/helm
NBKEYS_NODE=$(../e2e/servers/build.sh node)
NBKEYS_SERVERS=$(../e2e/servers/build.sh)
export NBKEYS_HELM NBKEYS_NODE NBKEYS_SERVERS PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -c pytest.ini -p no:cacheprovider -ra --durations=5 "$@"
