# The scripts of the ramdisk over plain files instead of disks; erase-disks.test.ts runs it with busybox. Stood in for: what talks to
# drives (erase-disks-drive.sh), /sys, and the boot app. The rest is real. Environment: AGENT, WORK, DISKS (`name serial bytes` by line),
# what each program does (see erase-disks-drive.sh), WITHDRAWN_AT (a progress message).
set -o pipefail
export MIB=1048576 RUN=$WORK/run DEV=$WORK/dev BLKDISCARD=$WORK/bin/blkdiscard
PATH=$WORK/bin:$PATH
# shellcheck source=/dev/null
for script in json disks erase-disks; do . "$AGENT/$script.sh"; done

# Functions, for the shell prefers its own applets to what is in PATH.
hdparm() { "$WORK/bin/hdparm" "$@"; }
blockdev() { :; }
sleep() { busybox sleep 0.02; }
# Past the page cache there is no way to a file of every file system; its own bytes are read either way.
dd() {
  for word in "$@"; do
    shift
    case $word in
    iflag=direct | oflag=direct) ;;
    *) set -- "$@" "$word" ;;
    esac
  done
  case "$*" in
  *"of=$DEV/"*) "$WORK/bin/dd" "$@" ;;
  *) busybox dd "$@" ;;
  esac
}

disk_with_serial() { echo "$DISKS" | awk -v serial="$1" '$2 == serial { print $1; found = 1 } END { exit !found }'; }
disk_bytes() { echo "$DISKS" | awk -v name="$1" '$1 == name { print $3 }'; }
log() { echo "$*" >>"$WORK/log"; }
progress() { echo "$2" >>"$WORK/progress"; [ "$2" != "$WITHDRAWN_AT" ]; }
result() { printf '{"outcome":"%s","code":"%s","evidence":%s}' "$1" "${2:-}" "${4:-$NO_EVIDENCE}" >"$WORK/result"; }

disk_serials=$(echo "$DISKS" | awk '{ print $2 }')
disk_serials="$disk_serials
"
erase_disks
