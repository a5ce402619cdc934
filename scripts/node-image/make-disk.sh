#!/bin/bash
# A tree → a GPT disk image that UEFI and BIOS both boot, without loop devices, mounts or grub-install. usage: make-disk.sh TREE OUT
#
# Partitions by number (position): 4 BIOS core.img (1 MiB) | 1 ESP (64 MiB) | 2 CIDATA seed (4 MiB) | 3 root (rest; last, so it can grow).
set -euo pipefail
tree=$1 out=$2
work=$(mktemp -d -p "$(dirname "$out")")
trap 'rm -rf "$work"' EXIT

MIB=1048576
SECTORS=2048 # per MiB
bios_at=1 esp_at=2 esp_mib=64 seed_at=66 seed_mib=4 root_at=70
used_mib=$(du -s --apparent-size -BM "$tree" | cut -f1 | tr -d M)
root_mib=$((used_mib * 115 / 100 + 96))
total_mib=$((root_at + root_mib + 1)) # the last MiB holds the spare GPT

kernel=$(find "$tree/boot" -name 'vmlinuz-*' | sort -V | tail -1)
version=${kernel##*/vmlinuz-}

grub_config() {
  mkdir -p "$tree/boot/grub"
  cat >"$tree/boot/grub/grub.cfg" <<END
set timeout=0
serial --unit=0 --speed=115200
terminal_output serial console
search --no-floppy --label rw-root --set=root
menuentry rackwright {
  linux /boot/vmlinuz-$version root=LABEL=rw-root ro console=tty0 console=ttyS0,115200 quiet ${NODE_IMAGE_CMDLINE:-}
  initrd /boot/initrd.img-$version
}
END
  # shellcheck disable=SC2016 # $root and $prefix are GRUB's
  printf 'search --no-floppy --label rw-root --set=root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n' >"$work/early.cfg"
}

esp() {
  export MTOOLS_SKIP_CHECK=1
  truncate -s ${esp_mib}M "$work/esp"
  mkfs.vfat -n RW-ESP "$work/esp" >/dev/null
  mmd -i "$work/esp" ::EFI ::EFI/BOOT ::EFI/debian
  mcopy -i "$work/esp" "$tree/usr/lib/shim/shimx64.efi.signed" ::EFI/BOOT/BOOTX64.EFI
  mcopy -i "$work/esp" "$tree/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" ::EFI/BOOT/grubx64.efi
  mcopy -i "$work/esp" "$work/early.cfg" ::EFI/debian/grub.cfg
}

# What grub-install would embed: an image that finds the root file system by its label.
bios_core() {
  cp "$work/early.cfg" "$tree/tmp/early.cfg"
  chroot "$tree" grub-mkimage -O i386-pc -o /tmp/core.img -c /tmp/early.cfg -p /boot/grub \
    biosdisk part_gpt ext2 search search_label configfile normal linux serial terminal echo test minicmd reboot halt
  mv "$tree/tmp/core.img" "$work/core.img"
  cp "$tree/usr/lib/grub/i386-pc/boot.img" "$work/boot.img"
  rm "$tree/tmp/early.cfg"
}

# little_endian BYTES NUMBER
little_endian() {
  local n=$2
  for ((i = 0; i < $1; i++)); do
    # shellcheck disable=SC2059 # the escape is the point
    printf "\\x$(printf %02x $((n & 255)))"
    n=$((n >> 8))
  done
}
patch() { dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# grub-core's boot/i386/pc/boot.S and diskboot.S: where the next stage lies, as grub-install writes it.
embed_bios() {
  local lba=$((bios_at * SECTORS))
  little_endian 8 $lba | patch "$work/boot.img" $((0x5c))              # kernel_sector
  printf '\x90\x90' | patch "$work/boot.img" $((0x66))                 # hard disk: trust the drive number the BIOS gave
  little_endian 8 $((lba + 1)) | patch "$work/core.img" $((0x200 - 12)) # blocklist of diskboot.img: the rest of core.img
  [ "$(stat -c %s "$work/core.img")" -le $MIB ] || { echo 'core.img does not fit its partition' >&2; return 1; }
  dd if="$work/boot.img" of="$out" bs=440 count=1 conv=notrunc status=none
  dd if="$work/core.img" of="$out" bs=$MIB seek=$bios_at conv=notrunc status=none
}

grub_config
bios_core
esp
truncate -s ${root_mib}M "$work/root"
mkfs.ext4 -q -L rw-root -m 1 -O ^metadata_csum_seed -E lazy_itable_init=1,lazy_journal_init=1 -d "$tree" "$work/root"
truncate -s ${seed_mib}M "$work/seed"
mkfs.vfat -n CIDATA "$work/seed" >/dev/null

rm -f "$out" # sfdisk warns about a stale GPT
truncate -s ${total_mib}M "$out"
sfdisk -q "$out" <<END
label: gpt
1: start=$((esp_at * SECTORS)), size=$((esp_mib * SECTORS)), type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=RW-ESP
2: start=$((seed_at * SECTORS)), size=$((seed_mib * SECTORS)), type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, name=cidata
3: start=$((root_at * SECTORS)), size=$((root_mib * SECTORS)), type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=rw-root
4: start=$((bios_at * SECTORS)), size=$SECTORS, type=21686148-6449-6E6F-744E-656564454649, name=bios-boot
END
dd if="$work/esp" of="$out" bs=$MIB seek=$esp_at conv=notrunc,sparse status=none
dd if="$work/seed" of="$out" bs=$MIB seek=$seed_at conv=notrunc,sparse status=none
dd if="$work/root" of="$out" bs=$MIB seek=$root_at conv=notrunc,sparse status=none
embed_bios
