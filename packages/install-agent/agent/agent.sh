#!/bin/sh
# The agent: says what this server is, then does what the boot app instructs, one thing at a time. docs/agent-protocol.md.
# shellcheck disable=SC3040 # busybox has it
set -o pipefail
RUN=/run/rackwright
DEV=/dev
BLKDISCARD=/bin/blkdiscard
MIB=1048576
cd /usr/lib/rackwright || exit
. ./log.sh
. ./kernel-argument.sh
. ./http.sh
. ./json.sh
. ./disks.sh
. ./inspection.sh
. ./lldp.sh
. ./write-image.sh
. ./erase-disks.sh
. ./burn-in.sh
. ./power.sh
URL=$(kernel_argument rackwright.url)
TOKEN=$(kernel_argument rackwright.token)
# seconds of 401 before it powers the server off
unauthorised_limit=$(kernel_argument rackwright.unauthorised_limit)

report_inspection() {
  inspection >"$RUN/inspection.json"
  call /dev/null "$RUN/inspection.json" /agent/v1/inspection
}

# read_instruction FILE: lines of `key value` into variables. Unknown keys are for a newer agent and skipped.
read_instruction() {
  id='' action='' disk_serials='' image='' root_partition='' seed_partition='' cpu_seconds='' memory_seconds='' disk_seconds=''
  while read -r key value; do
    case $key in
    id) id=$value ;;
    do) action=$value ;;
    disk_serial) disk_serials="$disk_serials$value
" ;;
    image) image=$value ;;
    root_partition) root_partition=$value ;;
    seed_partition) seed_partition=$value ;;
    cpu_seconds) cpu_seconds=$value ;;
    memory_seconds) memory_seconds=$value ;;
    disk_seconds) disk_seconds=$value ;;
    esac
  done <"$1"
}

obey() {
  case $action in
  wait | '') return ;;
  esac
  case $id in
  '' | *[!A-Za-z0-9_.-]*)
    log 'an instruction without a usable id'
    return
    ;;
  esac
  log "instruction $id: $action"
  case $action in
  write_image) write_image ;;
  erase_disks) erase_disks ;;
  burn_in) burn_in ;;
  reboot) result 'done' && reboot_now ;;
  power_off) result 'done' && power_off 'as instructed' ;;
  *) result refused instruction_not_understood "this agent does not know $action" ;;
  esac
}

{ [ -n "$URL" ] && [ -n "$TOKEN" ]; } || log 'the kernel command line lacks rackwright.url or rackwright.token'
listen_for_switches
# Only a final error ends a call; ten minutes of 401 end in power off.
until report_inspection; do sleep 5; done
while :; do
  read -r before _ </proc/uptime
  if call "$RUN/instruction" /agent/v1/instruction; then
    read_instruction "$RUN/instruction"
    obey
  fi
  report_switches
  read -r after _ </proc/uptime
  # the server holds the request up to 20 s; one that answers at once must not be hammered
  [ $((${after%.*} - ${before%.*})) -gt 0 ] || sleep 1
done
