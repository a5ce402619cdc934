# erase_disks: every named disk, with the strongest method it supports, read back, one piece of evidence per disk.

REGION=$((1024 * MIB)) # written between two progress reports
SAMPLE=$((16 * MIB))   # read back at the start, at the end and at ERASE_SAMPLES places between
ERASE_SAMPLES=16

erase_disks() {
  resolve_disks || return
  : >"$RUN/erased"
  outcome='done' position=0 total=$(wc -l <"$RUN/to-erase")
  while read -r disk serial <&4; do
    if ! erase_disk; then
      # whoever withdrew it may want the disks kept that are still to come
      [ "$outcome" = withdrawn ] && return
      outcome=failed
    fi
    position=$((position + 1))
  done 4<"$RUN/to-erase"
  evidence="{\"disks\":[$(paste -sd, "$RUN/erased")]}"
  if [ "$outcome" = 'done' ]; then
    result 'done' '' '' "$evidence"
  else
    result failed erase_failed 'a disk does not read back as zero' "$evidence"
  fi
}

# All serials must be there before the first byte is erased: half an erasure on a mistaken list helps nobody.
resolve_disks() {
  : >"$RUN/to-erase"
  printf '%s' "$disk_serials" >"$RUN/serials"
  [ -s "$RUN/serials" ] || { result refused disk_serial_mismatch 'no disk named'; return 1; }
  while read -r serial; do
    found=$(disk_with_serial "$serial") || { result refused disk_serial_mismatch "not exactly one disk has serial $serial"; return 1; }
    echo "$found $serial" >>"$RUN/to-erase"
  done <"$RUN/serials"
}

# erase_disk: $disk, $serial. Methods from the strongest; the next one when the disk refuses or does not read back as zero.
erase_disk() {
  device=$DEV/$disk size=$(disk_bytes "$disk") checked=0 started=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  for method in nvme_sanitize nvme_format ata_secure_erase blkdiscard_zero overwrite_zero; do
    log "erasing $disk ($serial): $method"
    : >"$RUN/erase.log"
    $method || {
      [ "$outcome" = withdrawn ] && return 1
      log "$method does not work on $disk: $(tail -1 "$RUN/erase.log")"
      continue
    }
    if reads_zero; then
      note_erased zero
      return 0
    fi
    log "$disk ($serial) does not read back as zero after $method"
  done
  note_erased not_zero
  return 1
}

note_erased() {
  printf '{"serial":%s,"method":"%s","sizeBytes":%s,"readBack":"%s","checkedBytes":%s,"startedAt":"%s","finishedAt":"%s"}\n' \
    "$(json_text "$serial")" "$method" "$size" "$1" "$checked" "$started" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >>"$RUN/erased"
}

# erase_progress BYTES_DONE
erase_progress() {
  progress $(((position * 100 + $1 / (size / 100 + 1)) / total)) "$method on $serial" || { outcome=withdrawn; return 1; }
}

# watched COMMAND…: runs what may take hours in the background and keeps telling that it does. An erasure inside the disk's own
# controller cannot be called back: a withdrawn instruction only stops the waiting.
watched() {
  "$@" >>"$RUN/erase.log" 2>&1 &
  child=$!
  beats=0
  while kill -0 "$child" 2>/dev/null; do
    sleep 1
    beats=$((beats + 1))
    [ $((beats % 15)) -ne 0 ] || erase_progress 0 || return 1
  done
  wait "$child"
}

# NVM Express Sanitize, block erase: also what lies in spare and retired blocks, which Format need not reach.
nvme_sanitize() {
  case $disk in
  nvme*) watched nvme-sanitize "$device" ;;
  *) return 1 ;;
  esac
}

# NVM Express Format with Secure Erase Setting 1 (user data erase).
nvme_format() {
  case $disk in
  nvme*) watched nvme-format "$device" ;;
  *) return 1 ;;
  esac
}

# ATA SECURITY ERASE UNIT, the normal one: it writes zeros. The enhanced one may leave a vendor's pattern, which no read-back can tell
# from data. NOTE: a disk whose erasure broke off stays locked with this password, so it is taken off again.
ata_secure_erase() {
  case $disk in
  sd*) ;;
  *) return 1 ;;
  esac
  hdparm -I "$device" >"$RUN/hdparm" 2>/dev/null || return 1
  grep -q '^Security:' "$RUN/hdparm" && grep -q 'not.*frozen' "$RUN/hdparm" && grep -q 'not.*locked' "$RUN/hdparm" || return 1
  hdparm --user-master u --security-set-pass rackwright "$device" >/dev/null 2>&1 || return 1
  watched hdparm --user-master u --security-erase rackwright "$device" && return
  hdparm --user-master u --security-disable rackwright "$device" >/dev/null 2>&1
  return 1
}

# by_region COMMAND: COMMAND DEVICE OFFSET BYTES over the whole disk, with progress in between.
by_region() {
  offset=0
  while [ "$offset" -lt "$size" ]; do
    length=$((size - offset))
    [ $length -le $REGION ] || length=$REGION
    $1 "$device" "$offset" "$length" || return 1
    offset=$((offset + length))
    erase_progress "$offset" || return 1
  done
}

# The kernel's zero-out: the device's own "write zeroes" where it has one, else zeros written by the kernel.
# --force: a disk with a partition table on it is the usual case, and blkdiscard would rather not.
blkdiscard_zero() { by_region zero_out; }
zero_out() { "$BLKDISCARD" --force --zeroout --offset "$2" --length "$3" "$1" 2>>"$RUN/erase.log"; }

overwrite_zero() { by_region overwrite; }
overwrite() { zero_range "$1" "$2" "$3"; }

# reads_zero: a sample of the disk, or all of a small one. $checked says how much was looked at.
reads_zero() {
  checked=0
  blockdev --flushbufs "$device"
  if [ "$size" -le $((SAMPLE * 4)) ]; then
    is_zero 0 "$size"
    return
  fi
  is_zero 0 $SAMPLE && is_zero $(((size / MIB - SAMPLE / MIB) * MIB)) $((SAMPLE + size % MIB)) || return 1
  sample=0
  while [ $sample -lt $ERASE_SAMPLES ]; do
    # anywhere within the sample's own stretch of the disk: nobody can prepare for it
    stretch=$((size / ERASE_SAMPLES / MIB))
    random=$(od -An -N4 -tu4 /dev/urandom)
    at=$(((stretch * sample + random % stretch) * MIB))
    [ $at -le $((size - MIB)) ] || at=0
    is_zero $at "$MIB" || return 1
    sample=$((sample + 1))
  done
}

# is_zero OFFSET BYTES: read past the cache; short reads do not count as zero.
is_zero() {
  checked=$((checked + $2))
  read_range "$device" "$1" "$2" >"$RUN/sample" || return 1
  [ "$(stat -c %s "$RUN/sample")" = "$2" ] || return 1
  [ "$(tr -d '\000' <"$RUN/sample" | head -c 1 | wc -c)" = 0 ]
}
