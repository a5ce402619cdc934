#!/bin/bash
# Fetches iPXE's boot files (Debian 13's, of 2025; else this machine's own package) into the cache; prints the folder they are in.
#
# 2019's iPXE in Debian 12 waits 13 s for an IPv6 router and takes 4 s longer to start under UEFI: newer is worth a download.
#   RACKWRIGHT_CACHE=~/.cache/rackwright
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=debian-mirror.sh
. "$here/debian-mirror.sh"

suite=trixie
finished=${RACKWRIGHT_CACHE:-$HOME/.cache/rackwright}/ipxe-$suite
if [ -e "$finished/undionly.kpxe" ]; then
  echo "$finished"
  exit
fi

mkdir -p "$(dirname "$finished")"
work=$(mktemp -d -p "$(dirname "$finished")" .ipxe-XXXXXX)
trap 'rm -rf "$work"' EXIT
from=$work/debian/usr/lib/ipxe
if ! fetch_debs "$suite" "$work/debian" ipxe >&2; then
  from=/usr/lib/ipxe
  [ -d "$from" ] || { echo 'neither a mirror nor an installed ipxe package' >&2; exit 1; }
  echo 'no mirror in reach: the installed, older iPXE' >&2
  # not under the finished name: the next run tries again
  finished=$finished-installed
fi
mkdir "$work/out"
# 64-bit UEFI's file was called ipxe.efi until 2019
cp "$from/ipxe-amd64.efi" "$work/out/ipxe.efi" 2>/dev/null || cp "$from/ipxe.efi" "$work/out/ipxe.efi"
cp "$from/snponly.efi" "$from/undionly.kpxe" "$work/out/"
chmod 644 "$work"/out/*
rm -rf "$finished-installed"
mv -T "$work/out" "$finished" 2>/dev/null || [ -e "$finished/undionly.kpxe" ]
echo "$finished"
