# burn_in: processors, memory and disks worked hard for a while, so that a bad part shows here and not under load. Disks are read, and
# never written.

PATTERN=16 # MiB of noise that memory is filled with, again and again

burn_in() {
  : >"$RUN/burnt"
  outcome='done' worst=''
  cpu_seconds=$(whole "$cpu_seconds") memory_seconds=$(whole "$memory_seconds") disk_seconds=$(whole "$disk_seconds")
  disks=$(disk_names)
  total=$((cpu_seconds + memory_seconds + disk_seconds * $(printf '%s' "$disks" | wc -w) + 1)) spent=0
  burn cpu '' "$cpu_seconds" hash_on_every_processor || return
  burn memory '' "$memory_seconds" fill_and_read_memory || return
  for disk in $disks; do
    burn disk "$(disk_serial "$disk")" "$disk_seconds" read_disk || return
  done
  evidence="{\"tests\":[$(paste -sd, "$RUN/burnt")]}"
  if [ "$outcome" = 'done' ]; then
    result 'done' '' '' "$evidence"
  else
    result failed burn_in_failed "$worst" "$evidence"
  fi
}

# whole TEXT: seconds, at most a day; 0 for whatever is no number.
whole() {
  case $1 in
  '' | *[!0-9]* | ??????*) echo 0 ;;
  *) if [ "$1" -gt 86400 ]; then echo 86400; else echo "$1"; fi ;;
  esac
}

uptime_seconds() {
  read -r up _ </proc/uptime
  echo "${up%.*}"
}

# burn TEST SUBJECT SECONDS COMMAND: runs it in the background and keeps telling that it does. Status 1: withdrawn. The first line that
# it leaves in burn.fault is what is wrong.
burn() {
  [ "$3" -gt 0 ] || return 0
  log "burn-in: $1 $2 for $3 s"
  rm -f "$RUN/burn.stop"
  : >"$RUN/burn.fault"
  began=$(uptime_seconds) burn_seconds=$3 burn_end=$(($(uptime_seconds) + $3)) errors=$(memory_errors)
  $4 >/dev/null 2>>"$RUN/burn.log" &
  child=$! beats=0
  while kill -0 "$child" 2>/dev/null; do
    sleep 1
    beats=$((beats + 1))
    [ $((beats % 15)) -ne 0 ] || progress $(((spent + $(uptime_seconds) - began) * 100 / total)) "burn-in: $1 $2" || stop_burning || return 1
  done
  wait "$child"
  spent=$((spent + $3))
  [ "$(memory_errors)" = "$errors" ] || burn_fault 'the kernel counted uncorrectable memory errors'
  note_burnt "$1" "$2" "$(($(uptime_seconds) - began))" "$(head -1 "$RUN/burn.fault")"
}

# What runs in the background looks at this between two pieces of work.
still_burning() { [ ! -e "$RUN/burn.stop" ] && [ "$(uptime_seconds)" -lt "$burn_end" ]; }

stop_burning() {
  : >"$RUN/burn.stop"
  wait "$child"
  return 1
}

burn_fault() { echo "$1" >>"$RUN/burn.fault"; }

# memory_errors: what the kernel's error counters (EDAC) say, where there are any.
memory_errors() { cat /sys/devices/system/edac/mc/mc*/ue_count 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'; }

note_burnt() {
  passed=true
  [ -z "$4" ] || {
    passed=false outcome=failed
    [ -n "$worst" ] || worst="$1 $2: $4"
  }
  printf '{"test":"%s","subject":%s,"passed":%s,"seconds":%d,"detail":%s}\n' "$1" "$(json_text "$2")" "$passed" "$3" "$(json_text "$4" 300)" >>"$RUN/burnt"
}

# The same sum over and over on every processor: it comes out the same, or the processor cannot count.
hash_on_every_processor() {
  expected=$(sum_of_zeros)
  for processor in $(seq "$(nproc)"); do hash_again & done
  wait
}

sum_of_zeros() { dd if=/dev/zero bs=1M count=8 2>/dev/null | sha256sum; }

hash_again() {
  while still_burning; do
    [ "$(sum_of_zeros)" = "$expected" ] || burn_fault "processor $processor: a sum came out otherwise"
  done
}

# Seven tenths of what is free, filled with noise for half of the time at most, then read again and again.
fill_and_read_memory() {
  store=$RUN/burn
  mkdir -p "$store"
  mount -t tmpfs -o size=90% tmpfs "$store" || { burn_fault 'no memory could be had'; return; }
  most=$(awk -v pattern=$PATTERN '/^MemAvailable/ { print int($2 / 1024 * 7 / 10 / pattern) }' /proc/meminfo)
  fill_memory
  while still_burning; do
    for file in "$store"/*; do
      still_burning || break
      [ "$(sha256sum <"$file")" = "$noise" ] || { burn_fault 'a block of memory read back otherwise than it was written'; break 2; }
    done
  done
  umount "$store"
}

fill_memory() {
  dd if=/dev/urandom of="$store/0" bs=1M count=$PATTERN 2>/dev/null
  noise=$(sha256sum <"$store/0")
  block=1
  while [ "$block" -lt "$most" ] && [ "$(uptime_seconds)" -lt $((burn_end - burn_seconds / 2)) ] && still_burning; do
    cp "$store/0" "$store/$block" || { rm -f "$store/$block"; break; }
    block=$((block + 1))
  done
}

# From its beginning on, 64 MiB at a time, and after each a place far away, past the page cache.
read_disk() {
  mib=$(($(disk_bytes "$disk") / MIB)) at=0
  while still_burning; do
    [ $at -lt "$mib" ] || at=0
    read_mib $at 64 && read_mib $(($(od -An -N4 -tu4 /dev/urandom) % (mib > 0 ? mib : 1))) 1 || return
    at=$((at + 64))
  done
}

read_mib() {
  dd if="/dev/$disk" of=/dev/null bs=1M skip="$1" count="$2" iflag=direct 2>>"$RUN/burn.log" && return
  burn_fault "it cannot be read at MiB $1"
  return 1
}
