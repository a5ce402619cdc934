#!/bin/bash
# Builds the agent's ramdisk (kernel + initramfs) from Debian packages, once per set of inputs; prints the folder it is in.
#
#   KERNEL_FLAVOUR=cloud         generic for real hardware
#   RAMDISK_SUITE=bookworm       Debian release
#   RAMDISK_FIRMWARE=            a folder of firmware files to add, for cards that need some
#   RACKWRIGHT_CACHE=~/.cache/rackwright
#
# Result: ramdisk-<hash>/vmlinuz and ramdisk-<hash>/initrd.zst. Needs apt, cc, cpio, kmod, zstd, binutils; not root. About 30 s.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=debian-mirror.sh
. "$here/debian-mirror.sh"

suite=${RAMDISK_SUITE:-bookworm} flavour=${KERNEL_FLAVOUR:-cloud} firmware=${RAMDISK_FIRMWARE:-}
cache=${RACKWRIGHT_CACHE:-$HOME/.cache/rackwright}
case $flavour in
cloud) kernel=linux-image-cloud-amd64 ;;
generic) kernel=linux-image-amd64 ;;
*) echo "KERNEL_FLAVOUR is cloud or generic, not $flavour" >&2; exit 1 ;;
esac
tools=(busybox-static zstd dmidecode fdisk util-linux hdparm)
libraries=(libc6 libzstd1 liblz4-1 liblzma5 zlib1g libfdisk1 libblkid1 libuuid1 libsmartcols1 libmount1 libselinux1 libpcre2-8-0
  libtinfo6 libreadline8)
binaries=(usr/bin/zstd usr/sbin/dmidecode sbin/sfdisk sbin/blkdiscard sbin/hdparm)

hash=$({
  cd "$here" && sha256sum agent/* build-ramdisk.sh debian-mirror.sh ./*.c modules-*.txt
  printf '%s\n' "$suite" "$flavour"
  [ -z "$firmware" ] || (cd "$firmware" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
} | sha256sum | cut -c1-16)
finished=$cache/ramdisk-$hash
if [ -e "$finished/initrd.zst" ]; then
  echo "$finished"
  exit
fi

mkdir -p "$cache"
work=$(mktemp -d -p "$cache" .ramdisk-XXXXXX)
trap 'rm -rf "$work"' EXIT
debian=$work/debian root=$work/root
fetch_debs "$suite" "$debian" "$kernel" "${tools[@]}" "${libraries[@]}" >&2
# since Debian 13 everything lies in /usr
for folder in bin sbin lib lib64; do [ -e "$debian/$folder" ] || ln -s "usr/$folder" "$debian/$folder"; done
version=$(basename "$debian"/lib/modules/*)

# copy_with_libraries FILE: and, transitively, the libraries it names; their place does not matter to the loader.
copy_with_libraries() {
  local needed found
  mkdir -p "$root/lib/x86_64-linux-gnu" "$root/lib64"
  for needed in $(objdump -p "$1" | awk '$1 == "NEEDED" { print $2 }'); do
    [ ! -e "$root/lib/x86_64-linux-gnu/$needed" ] || continue
    found=$(find "$debian/lib/x86_64-linux-gnu" "$debian/usr/lib/x86_64-linux-gnu" -name "$needed" 2>/dev/null | head -1)
    [ -n "$found" ] || { echo "no package provides $needed, which $1 needs" >&2; return 1; }
    cp -L "$found" "$root/lib/x86_64-linux-gnu/$needed"
    copy_with_libraries "$found"
  done
}

# Modules with all they depend on, unpacked: busybox modprobe reads plain .ko files.
copy_modules() {
  local modules=$debian/lib/modules/$version line module
  depmod -b "$debian" "$version"
  while read -r line; do
    case $line in
    '' | '#'*) ;;
    drivers/*) find "$modules/kernel/${line%.ko}"* -name '*.ko*' -printf '%f\n' | sed 's/\.ko.*//' ;;
    *) echo "$line" ;;
    esac
  done <"$here/modules-$flavour.txt" >"$work/modules"
  while read -r module; do
    # built into this kernel: nothing to copy
    modprobe -d "$debian" -S "$version" --show-depends "$module" 2>/dev/null || true
  done <"$work/modules" | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    to=$root/lib/modules/$version/${file#*"/modules/$version/"}
    mkdir -p "$(dirname "$to")"
    case $file in
    *.xz) xz -dc "$file" >"${to%.xz}" ;;
    *.zst) zstd -dqc "$file" >"${to%.zst}" ;;
    *) cp "$file" "$to" ;;
    esac
  done
  cp "$modules"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$version/"
  depmod -b "$root" "$version"
  # loaded by name: nothing in /sys asks for them
  printf '%s\n' sd_mod af_packet efivarfs >"$root/etc/modules"
}

mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,usr/lib/rackwright,proc,sys,dev,run,tmp,etc}
cp "$debian/bin/busybox" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list | grep -vx busybox); do ln -s busybox "$root/bin/$applet"; done
for binary in "${binaries[@]}"; do
  # a busybox applet of that name would come first in PATH, and can less
  rm -f "$root/bin/${binary##*/}"
  cp "$debian/$binary" "$root/bin/"
  copy_with_libraries "$debian/$binary"
done
loader=$(find "$debian/lib64" "$debian/lib/x86_64-linux-gnu" -name 'ld-linux-x86-64.so.2' | head -1)
cp -L "$loader" "$root/lib64/ld-linux-x86-64.so.2"
for program in lldp-listen nvme-format nvme-sanitize; do cc -static -Os -s -o "$root/bin/$program" "$here/$program.c"; done
copy_modules
[ -z "$firmware" ] || { mkdir -p "$root/lib/firmware" && cp -RL "$firmware/." "$root/lib/firmware/"; }
cp "$here"/agent/* "$root/usr/lib/rackwright/"
chmod 755 "$root/usr/lib/rackwright/udhcpc.script"
install -m 755 "$here/agent/init" "$root/init"

mkdir "$work/out"
cp "$debian"/boot/vmlinuz-* "$work/out/vmlinuz"
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc --quiet -R 0:0 --reproducible) | zstd -19 -T0 -qc >"$work/out/initrd.zst"
chmod 644 "$work"/out/*
# atomic: whoever sees the folder sees both files whole
mv -T "$work/out" "$finished" 2>/dev/null || [ -e "$finished/initrd.zst" ]
echo "$finished"
