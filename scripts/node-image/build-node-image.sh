#!/bin/bash
# Builds a node's disk image (Debian, UEFI and BIOS, cloud-init, containerd) once per set of inputs; prints where disk.raw is.
#
#   NODE_SUITE=trixie            Debian release
#   KERNEL_FLAVOUR=cloud         generic for real hardware
#   NODE_IMAGE_CMDLINE=          more words for the kernel's command line
#   RACKWRIGHT_CACHE=~/.cache/rackwright
#
# Needs root (chroot), mmdebstrap, mtools, dosfstools, e2fsprogs, fdisk, cc. About 90 s.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
mirrors=$here/../../packages/install-agent/debian-mirror.sh
# shellcheck source-path=SCRIPTDIR source=../../packages/install-agent/debian-mirror.sh
. "$mirrors"

suite=${NODE_SUITE:-trixie} flavour=${KERNEL_FLAVOUR:-cloud}
cache=${RACKWRIGHT_CACHE:-$HOME/.cache/rackwright}
case $flavour in
cloud) kernel=linux-image-cloud-amd64 ;;
generic) kernel=linux-image-amd64 ;;
*) echo "KERNEL_FLAVOUR is cloud or generic, not $flavour" >&2; exit 1 ;;
esac

hash=$({
  cd "$here" && find . -type f ! -name README.md -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
  printf '%s\n' "$suite" "$flavour" "${NODE_IMAGE_CMDLINE:-}"
} | sha256sum | cut -c1-16)
finished=$cache/node-image-$hash
if [ -e "$finished/disk.raw" ]; then
  echo "$finished/disk.raw"
  exit
fi

mkdir -p "$cache"
work=$(mktemp -d -p "$cache" .node-image-XXXXXX)
chmod 755 "$work" # mmdebstrap's apt drops root
trap 'rm -rf "$work"' EXIT
packages=$(grep -v '^#' "$here/packages.txt" | paste -sd,),$kernel
[ "$flavour" = cloud ] || packages=$packages,amd64-microcode,intel-microcode,firmware-linux-free

archive=$(debian_mirror archive) security=$(debian_mirror security)
components=main
[ "$flavour" = cloud ] || components='main non-free-firmware'
mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
  --aptopt='Apt::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  "$suite" "$work/tree" \
  "deb $archive $suite $components" "deb $archive $suite-updates $components" "deb ${security:-$archive} $suite-security $components" >&2
chroot "$work/tree" dpkg-query -W >"$work/packages.txt"
# the mirror is this site's own affair; a node gets its sources from its seed
rm -f "$work"/tree/etc/apt/sources.list "$work"/tree/etc/apt/sources.list.d/*
"$here/configure-tree.sh" "$work/tree" "$flavour" >&2
"$here/make-disk.sh" "$work/tree" "$work/disk.raw" >&2
rm -rf "$work/tree"

# atomic: whoever sees the folder sees a whole image
mv -T "$work" "$finished" 2>/dev/null || [ -e "$finished/disk.raw" ]
echo "$finished/disk.raw"
