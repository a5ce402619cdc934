# Disks as /sys shows them. A disk is known by its serial number only: names and order change from boot to boot.

# disk_names: every block device that can hold an installation.
disk_names() {
  for block in /sys/block/*; do
    name=${block##*/}
    case $name in
    loop* | ram* | sr* | zram* | dm-* | md* | fd* | nbd*) continue ;;
    esac
    # an empty card reader or the BMC's virtual floppy
    [ "$(cat "$block/size")" -gt 0 ] || continue
    echo "$name"
  done
}

printable() { tr -cd '\040-\176' | sed 's/^ *//; s/ *$//'; }

# disk_serial NAME: virtio and NVMe say it in /sys; SCSI and SATA in vital product data page 0x80 (4 bytes of header, then text).
disk_serial() {
  for file in "/sys/block/$1/serial" "/sys/block/$1/device/serial"; do
    [ -r "$file" ] && printable <"$file" && return
  done
  page=/sys/block/$1/device/vpd_pg80
  [ -r "$page" ] && tail -c +5 "$page" | printable
}

disk_bytes() { echo $(($(cat "/sys/block/$1/size") * 512)); }

disk_kind() {
  case $1 in
  nvme*) echo nvme ;;
  vd* | xvd*) echo virtual ;;
  *) if [ "$(cat "/sys/block/$1/queue/rotational")" = 1 ]; then echo hdd; else echo ssd; fi ;;
  esac
}

# disk_with_serial SERIAL: the name of the one disk that has it. None or two (multipath, cloned serials): status 1.
disk_with_serial() {
  match=
  for candidate in $(disk_names); do
    [ "$(disk_serial "$candidate")" = "$1" ] || continue
    [ -z "$match" ] || return 1
    match=$candidate
  done
  [ -n "$match" ] && [ -n "$1" ] && echo "$match"
}

# zero_range DEVICE OFFSET BYTES: both multiples of 1 MiB, or OFFSET + BYTES is the end. The kernel's zero-out leaves zeros on every
# device: by the device's own command where it promises that, else by writing them. $BLKDISCARD is a path, or the shell runs busybox's, which cannot.
zero_range() {
  "$BLKDISCARD" --force --zeroout --offset "$2" --length "$3" "$1" 2>/dev/null && return
  # seek and count in MiB; a disk's odd end goes in sectors
  dd if=/dev/zero of="$1" bs=1M seek=$(($2 / MIB)) count=$(($3 / MIB)) oflag=direct conv=notrunc status=none 2>>"$RUN/dd.log" || return 1
  [ $(($3 % MIB)) -eq 0 ] && return
  dd if=/dev/zero of="$1" bs=512 seek=$((($2 + $3 - $3 % MIB) / 512)) count=$(($3 % MIB / 512)) oflag=direct conv=notrunc status=none 2>>"$RUN/dd.log"
}

# read_range DEVICE OFFSET BYTES: past the page cache, so it is the disk that answers. Multiples of 1 MiB, or of 512 bytes at the end.
read_range() {
  dd if="$1" bs=1M skip=$(($2 / MIB)) count=$(($3 / MIB)) iflag=direct status=none 2>>"$RUN/dd.log"
  [ $(($3 % MIB)) -eq 0 ] ||
    dd if="$1" bs=512 skip=$((($2 + $3 - $3 % MIB) / 512)) count=$(($3 % MIB / 512)) iflag=direct status=none 2>>"$RUN/dd.log"
}
