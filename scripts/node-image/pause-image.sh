#!/bin/bash
# Builds the pause image as a docker archive that `ctr images import` takes. usage: pause-image.sh OUT.tar
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/layer" "$work/archive"
cc -static -Os -s -o "$work/layer/pause" "$here/pause.c"
# fixed owner, order and time: the same source makes the same image
reproducible=(--sort=name --owner=0 --group=0 --numeric-owner --mtime=@0)
tar "${reproducible[@]}" -C "$work/layer" -cf "$work/archive/layer.tar" pause
layer=$(sha256sum <"$work/archive/layer.tar" | cut -d' ' -f1)
printf '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
  "$layer" >"$work/archive/config.json"
printf '[{"Config":"config.json","RepoTags":["localhost/rackwright/pause:1"],"Layers":["layer.tar"]}]' >"$work/archive/manifest.json"
tar "${reproducible[@]}" -C "$work/archive" -cf "$out" config.json layer.tar manifest.json
