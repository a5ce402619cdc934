# write_image: an image onto the one disk with the named serial, chunk by chunk; nothing unchecked ever reaches the disk.

VERIFY_EVERY=16 # data chunks per one that is read back after writing (and always the first and the last)

write_image() {
  serial=$(printf '%s' "$disk_serials" | head -1)
  disk=$(disk_with_serial "$serial") ||
    { result refused disk_serial_mismatch "not exactly one disk has serial $serial"; return; }
  device=$DEV/$disk
  fetch_manifest || return
  [ "$image_bytes" -le "$(disk_bytes "$disk")" ] ||
    { result refused disk_too_small "image of $image_bytes bytes, $serial has $(disk_bytes "$disk")"; return; }
  resume_or_start
  write_chunks && read_back && finish_disk && result 'done' '' '' "$(write_evidence)"
}

write_evidence() {
  printf '{"serial":%s,"sizeBytes":%s,"dataChunks":%d,"zeroChunks":%d,"resumedChunks":%d,"verifiedChunks":%d,"seedVerified":true}' \
    "$(json_text "$serial")" "$image_bytes" "$data_chunks" "$zero_chunks" "$resumed" "$verified"
}

# fail CODE DETAIL: reports it and returns 1, so that callers can end with `|| fail …`.
fail() {
  result failed "$1" "$2"
  return 1
}

sha256() { sha256sum "$@" | cut -d' ' -f1; }

# fetch PATH OUT SHA256: three tries to get the right bytes. A final error is reported; 409 and 410 mean "stop", not "tell".
fetch() {
  for try in 1 2 3; do
    http_limit=600
    call "$2" "$1"
    got=$?
    http_limit=
    if [ $got -ne 0 ]; then
      case $status in
      401 | 409 | 410) ;;
      *) fail image_not_served "$1: HTTP $status" ;;
      esac
      return 1
    fi
    [ "$(sha256 "$2")" = "$3" ] && return 0
    log "$1: wrong checksum, try $try of 3"
    rm -f "$2"
  done
  fail checksum_mismatch "$1: three times other bytes than the checksum says"
}

# fetch_manifest: checked against the digest, then its first lines into image_bytes and chunk_bytes.
fetch_manifest() {
  case ${image#sha256-} in
  *[!0-9a-f]* | '') fail manifest_unreadable "no image digest: $image" || return ;;
  esac
  fetch "/agent/v1/images/$image/manifest" "$RUN/manifest" "${image#sha256-}" || return
  image_bytes=$(awk '$1 == "size" { print $2 }' "$RUN/manifest")
  chunk_bytes=$(awk '$1 == "chunk_size" { print $2 }' "$RUN/manifest")
  { [ "$(head -1 "$RUN/manifest")" = 'rackwright-image 1' ] && [ "${image_bytes:-0}" -gt 0 ] && [ "${chunk_bytes:-0}" -gt 0 ] &&
    [ $((image_bytes % MIB)) -eq 0 ] && [ $((chunk_bytes % MIB)) -eq 0 ]; } || fail manifest_unreadable 'not a manifest this agent reads'
}

# $RUN/written: the image and disk it is about, then the number of each chunk on the disk.
resume_or_start() {
  head_line="$image $serial"
  [ "$(head -1 "$RUN/written" 2>/dev/null)" = "$head_line" ] || printf '%s\n' "$head_line" >"$RUN/written"
  last=$(tail -n +2 "$RUN/written" | tail -1)
  if [ -n "$last" ] && ! chunk_is_on_disk "$last"; then
    log "chunk $last is not what was written: starting over"
    printf '%s\n' "$head_line" >"$RUN/written"
  fi
  resumed=$(($(wc -l <"$RUN/written") - 1))
}

chunk_length() {
  rest=$((image_bytes - $1 * chunk_bytes))
  if [ $rest -lt "$chunk_bytes" ]; then echo $rest; else echo "$chunk_bytes"; fi
}

# chunk_is_on_disk N: reads it back. A zero chunk has no checksum in the manifest.
chunk_is_on_disk() {
  raw=$(awk -v n="$1" '$1 == "chunk" && $2 == n { print $5 }' "$RUN/manifest")
  length=$(chunk_length "$1")
  [ -n "$raw" ] || raw=$(dd if=/dev/zero bs=1M count=$((length / MIB)) status=none | sha256)
  [ "$(read_range "$device" $(($1 * chunk_bytes)) "$length" | sha256)" = "$raw" ]
}

write_chunks() {
  data_chunks=0 zero_chunks=0 chunks=$(grep -c -e '^chunk ' -e '^zero ' "$RUN/manifest")
  while read -r kind number packed_sha _ _ <&3; do
    case $kind in
    chunk) data_chunks=$((data_chunks + 1)) ;;
    zero) zero_chunks=$((zero_chunks + 1)) ;;
    *) continue ;;
    esac
    grep -qx "$number" "$RUN/written" && continue
    if [ "$kind" = chunk ]; then
      write_data_chunk "$number" "$packed_sha" || return
    else
      zero_range "$device" $((number * chunk_bytes)) "$(chunk_length "$number")" || fail write_failed "$serial: zero chunk $number" || return
    fi
    echo "$number" >>"$RUN/written"
    progress $(((data_chunks + zero_chunks) * 90 / chunks)) "chunk $((data_chunks + zero_chunks)) of $chunks" || return
  done 3<"$RUN/manifest"
}

# The frame waits in memory until its checksum is known to be right; only then does the disk see it. `count` bounds what it may unpack to.
# NOTE: no busybox head or tee in this pipe: both copy byte by byte, which made five minutes of one.
write_data_chunk() {
  fetch "/agent/v1/images/$image/chunks/$1" "$RUN/chunk" "$2" || return
  length=$(chunk_length "$1")
  zstd -dcq "$RUN/chunk" |
    dd of="$device" bs=1M seek=$(($1 * chunk_bytes / MIB)) count=$((length / MIB)) iflag=fullblock oflag=direct conv=notrunc status=none 2>>"$RUN/dd.log" ||
    fail write_failed "$serial: chunk $1: $(tail -1 "$RUN/dd.log")" || return
  rm -f "$RUN/chunk"
}

# read_back: a disk that took the bytes need not give them back. Before the partition table is touched.
read_back() {
  verified=0 last=$(awk '$1 == "chunk" { n = $2 } END { print n }' "$RUN/manifest")
  for number in $(awk '$1 == "chunk" { print $2 }' "$RUN/manifest" | awk -v every="$VERIFY_EVERY" -v last="$last" 'NR % every == 1 || $1 == last'); do
    chunk_is_on_disk "$number" || fail read_back_mismatch "$serial: chunk $number reads back differently" || return
    verified=$((verified + 1))
    progress $((90 + verified % 5)) "read back chunk $number" || return
  done
}

# finish_disk: the spare GPT to the disk's real end, the root partition up to it, the seed into its partition.
# Growing the file system is the booted system's affair (systemd-growfs, growpart): it knows which one it is.
finish_disk() {
  { sfdisk -q --relocate gpt-bak-std "$device" 2>>"$RUN/dd.log" &&
    echo ', +' | sfdisk -q --no-reread -N "$root_partition" "$device" 2>>"$RUN/dd.log"; } ||
    fail write_failed "$serial: $(tail -1 "$RUN/dd.log")" || return
  progress 96 'partition grown' || return
  write_seed || return
  # the resume record is about an image as written; it no longer is
  rm -f "$RUN/written"
  sync
}

# partition_field FIELD: start or size of the seed partition, in sectors.
partition_field() {
  sfdisk -d "$device" | awk -v part="$seed_partition" -v field="$1=" '
    $1 ~ "[^0-9]" part "$" { for (i = 2; i < NF; i++) if ($i == field || index($i, field) == 1) { sub(field, "", $i); value = $i == "" ? $(i + 1) : $i; sub(",", "", value); print value } }'
}

# By offset on the whole disk: partition nodes of the old table may still be there.
write_seed() {
  call "$RUN/seed" "/agent/v1/instructions/$id/seed" || { [ "$status" = 409 ] || fail image_not_served "seed: HTTP $status"; return 1; }
  start=$(partition_field start) sectors=$(partition_field size) bytes=$(stat -c %s "$RUN/seed")
  { [ "${sectors:-0}" -gt 0 ] && [ "$bytes" -le $((sectors * 512)) ]; } ||
    fail write_failed "partition $seed_partition does not take a seed of $bytes bytes" || return
  { dd if="$RUN/seed" of="$device" bs=512 seek="$start" conv=notrunc,fsync status=none 2>>"$RUN/dd.log" &&
    blockdev --flushbufs "$device" &&
    [ "$(dd if="$device" bs=512 skip="$start" count=$((bytes / 512)) iflag=direct status=none | sha256)" = "$(sha256 "$RUN/seed")" ]; } ||
    fail read_back_mismatch "$serial: the seed reads back differently" || return
  rm -f "$RUN/seed"
}
