# Which switch port each interface is plugged into. Switches speak every 30 s, so listening must not hold up the work:
# it runs beside it, and what was heard follows in a second inspection.

# listen_for_switches: for 35 s in the background; rackwright.lldp_wait=SECONDS holds up the first inspection that long at most.
listen_for_switches() {
  : >"$RUN/lldp"
  lldp-listen 35 "$RUN/lldp" &
  lldp_pid=$!
  limit=$(kernel_argument rackwright.lldp_wait)
  case ${limit:=0} in
  *[!0-9]*) limit=0 ;;
  esac
  while [ "$limit" -gt 0 ] && kill -0 "$lldp_pid" 2>/dev/null; do
    sleep 1
    limit=$((limit - 1))
  done
  lldp_told=$(cat "$RUN/lldp")
}

# report_switches: inspects again once something new was heard.
report_switches() {
  heard=$(cat "$RUN/lldp")
  [ "$heard" = "$lldp_told" ] && return
  lldp_told=$heard
  report_inspection
}
