# JSON that the agent sends, and the replies to an instruction: progress and result.

NO_EVIDENCE='{}'

# json_text VALUE [MAX]: a JSON string. Firmware tables hold odd bytes: only printable ASCII passes, and no more than the boot app takes.
json_text() { printf '"%s"' "$(printf '%s' "$1" | tr -cd '\040-\176' | cut -c "1-${2:-128}" | sed 's/\\/\\\\/g; s/"/\\"/g')"; }

# progress PERCENT MESSAGE: returns 1 when the instruction was withdrawn or our token is dead, for then nobody vouches any longer for
# what we do to these disks; a lost report is no reason to stop.
progress() {
  log "$1 % $2"
  printf '{"percent":%d,"message":%s}' "$1" "$(json_text "$2" 200)" >"$RUN/progress.json"
  http_limit=15
  http /dev/null "$RUN/progress.json" "/agent/v1/instructions/$id/progress"
  sent=$?
  http_limit=
  [ $sent -ne 0 ] || return 0
  case $status in
  401 | 409 | 410)
    log "instruction $id was withdrawn ($status)"
    return 1
    ;;
  esac
}

# result OUTCOME [CODE DETAIL [EVIDENCE]]: tells until it is heard.
result() {
  printf '{"outcome":"%s","code":"%s","detail":%s,"evidence":%s}' \
    "$1" "${2:-}" "$(json_text "${3:-}" 1000)" "${4:-$NO_EVIDENCE}" >"$RUN/result.json"
  log "instruction $id: $1 ${2:-} ${3:-}"
  call /dev/null "$RUN/result.json" "/agent/v1/instructions/$id/result"
}
