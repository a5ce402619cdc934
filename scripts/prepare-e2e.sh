#!/usr/bin/env bash
# Builds what the end-to-end tests boot and join: Kubernetes programs, ramdisk, iPXE, node image. Each is cached by what went in.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
  local began=$SECONDS
  echo "== $*"
  "$@"
  echo "== done in $((SECONDS - began)) s"
}

step bash scripts/kubernetes/build-from-debian.sh
step bash packages/install-agent/build-ramdisk.sh
KERNEL_FLAVOUR=generic step bash packages/install-agent/build-ramdisk.sh
step bash packages/install-agent/fetch-ipxe.sh
step bash scripts/node-image/build-node-image.sh
