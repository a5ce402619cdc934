# HTTP to the boot app with busybox wget. The token travels in a header only.

# http OUT [BODY_FILE] PATH: one try. Sets $status to the HTTP status, 000 without an answer. Returns 0 for 2xx.
# NOTE: Debian's busybox wget crashes on -T, so `timeout` bounds it.
http() {
  out=$1 body='' path=$2
  [ $# -eq 3 ] && body=$2 path=$3
  set -- -q -O "$out" --header "Authorization: Bearer $TOKEN"
  [ -z "$body" ] || set -- "$@" --header 'Content-Type: application/json' --post-file "$body"
  if timeout "${http_limit:-60}" wget "$@" "$URL$path" 2>"$RUN/wget.err"; then
    status=200
    return 0
  fi
  status=$(sed -n 's/.*server returned error: HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' "$RUN/wget.err" | head -1)
  # busybox takes "204 No Content" after a GET or POST for an error
  [ "${status:=000}" = 204 ]
}

# A client error is an answer: asking again cannot change it. All else is the world's and passes.
is_final() {
  case $1 in
  408 | 429) return 1 ;;
  4*) return 0 ;;
  *) return 1 ;;
  esac
}

# call: http with pauses of 1, 2, 4 … 15 s for ever, until an answer or a final error. The server owns the deadline.
call() {
  pause=1
  while ! http "$@"; do
    note_unauthorised
    is_final "$status" && return 1
    log "no good answer to $path (${status}), next try in $pause s"
    sleep "$pause"
    pause=$((pause * 2))
    [ "$pause" -le 15 ] || pause=15
  done
  unauthorised_since=
}

# A server whose ticket is gone must not stand there powered on for ever: ten minutes of 401, then off.
note_unauthorised() {
  if [ "$status" != 401 ]; then
    unauthorised_since=
    return
  fi
  read -r now _ </proc/uptime
  now=${now%.*}
  : "${unauthorised_since:=$now}"
  [ $((now - unauthorised_since)) -lt "${unauthorised_limit:-600}" ] || power_off 'the boot ticket is unknown or expired'
}
