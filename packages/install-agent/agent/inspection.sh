# What this server is made of, as JSON: from /sys, /proc and the firmware's DMI tables.

dmi() { json_text "$(cat "/sys/class/dmi/id/$1" 2>/dev/null)"; }

inspect_system() {
  printf '"system":{"manufacturer":%s,"product":%s,"serial":%s,"uuid":%s,"assetTag":%s,"biosVersion":%s}' \
    "$(dmi sys_vendor)" "$(dmi product_name)" "$(dmi product_serial)" "$(dmi product_uuid)" "$(dmi chassis_asset_tag)" "$(dmi bios_version)"
}

inspect_cpu() {
  awk -F '[ \t]*: *' '
    /^model name/ && !model { model = $2 }
    /^processor/ { threads++ }
    /^physical id/ { socket = $2; sockets[$2] }
    /^core id/ { cores[socket "/" $2] }
    function count(list, n, key) { for (key in list) n++; return n ? n : 1 }
    END { gsub(/["\\]/, "", model); printf "%s\t%d\t%d\t%d\n", model, count(sockets), count(cores), threads }' /proc/cpuinfo |
    {
      IFS='	' read -r model sockets cores threads
      printf '"cpu":{"model":%s,"sockets":%d,"cores":%d,"threads":%d,"architecture":"%s"}' \
        "$(json_text "$model")" "$sockets" "$cores" "$threads" "$(uname -m)"
    }
}

# DMI type 17, one line per filled slot: slot, bytes, serial, manufacturer, separated by tabs.
memory_modules() {
  dmidecode -q -t 17 2>/dev/null | awk -F ': *' '
    function flush() { if (bytes > 0) printf "%s\t%.0f\t%s\t%s\n", slot, bytes, serial, maker; slot = serial = maker = "-"; bytes = 0 }
    BEGIN { unit["kB"] = 1024; unit["MB"] = unit["kB"] * 1024; unit["GB"] = unit["MB"] * 1024; unit["TB"] = unit["GB"] * 1024 }
    function bytes_of(text, part) { split(text, part, " "); return part[1] * unit[part[2]] }
    function known(text) { return text ~ /^(|Not Specified|Unknown|NO DIMM|None)$/ ? "-" : text }
    /^Memory Device/ { flush() }
    /^\tSize:/ { bytes = bytes_of($2) }
    /^\tLocator:/ { slot = known($2) }
    /^\tSerial Number:/ { serial = known($2) }
    /^\tManufacturer:/ { maker = known($2) }
    END { flush() }'
}

inspect_memory() {
  memory_modules >"$RUN/dimms"
  total=$(awk -F '\t' '{ n += $2 } END { printf "%.0f", n }' "$RUN/dimms")
  # firmware that tells nothing: what the kernel can use
  [ "$total" -gt 0 ] || total=$(awk '/^MemTotal/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
  printf '"memoryBytes":%s,"memoryModules":[' "$total"
  comma=
  while IFS='	' read -r slot bytes serial maker; do
    printf '%s{"slot":%s,"sizeBytes":%s,"serial":%s,"manufacturer":%s}' \
      "$comma" "$(json_text "${slot#-}")" "$bytes" "$(json_text "${serial#-}")" "$(json_text "${maker#-}")"
    comma=,
  done <"$RUN/dimms"
  printf ']'
}

inspect_disks() {
  printf '"disks":['
  comma=
  for disk in $(disk_names); do
    block=/sys/block/$disk
    rotational=false
    [ "$(cat "$block/queue/rotational")" = 1 ] && [ "$(disk_kind "$disk")" = hdd ] && rotational=true
    printf '%s{"name":"%s","serial":%s,"wwn":%s,"model":%s,"sizeBytes":%s,"rotational":%s,"kind":"%s"}' "$comma" "$disk" \
      "$(json_text "$(disk_serial "$disk")")" "$(json_text "$(cat "$block/wwid" "$block/device/wwid" 2>/dev/null | head -1)")" \
      "$(json_text "$(printable 2>/dev/null <"$block/device/model")")" "$(disk_bytes "$disk")" "$rotational" "$(disk_kind "$disk")"
    comma=,
  done
  printf ']'
}

inspect_nics() {
  printf '"nics":['
  comma=
  for interface in /sys/class/net/*; do
    [ -e "$interface/device" ] || continue
    nic=${interface##*/}
    link=false
    [ "$(cat "$interface/carrier" 2>/dev/null)" = 1 ] && link=true
    speed=$(cat "$interface/speed" 2>/dev/null)
    # -1 or nothing: no link, or a virtual card
    [ "${speed:--1}" -gt 0 ] || speed=0
    printf '%s{"name":"%s","mac":"%s","speedMbps":%d,"linkUp":%s,"driver":"%s"%s}' "$comma" "$nic" "$(cat "$interface/address")" \
      "$speed" "$link" "$(basename "$(readlink "$interface/device/driver")")" "$(inspect_lldp "$nic")"
    comma=,
  done
  printf ']'
}

# inspect_lldp NIC: what the switch behind this port said, if it was heard.
inspect_lldp() {
  line=$(awk -F '\t' -v nic="$1" '$1 == nic { print; exit }' "$RUN/lldp" 2>/dev/null)
  [ -n "$line" ] || return 0
  printf '%s\n' "$line" | {
    IFS='	' read -r _ chassis port name
    printf ',"lldp":{"chassisId":%s,"portId":%s,"systemName":%s}' "$(json_text "${chassis#-}")" "$(json_text "${port#-}")" "$(json_text "${name#-}")"
  }
}

# inspection: the whole document on standard output.
inspection() {
  firmware=bios
  [ -d /sys/firmware/efi ] && firmware=uefi
  printf '{"agentVersion":"1","firmwareMode":"%s",' "$firmware"
  for part in inspect_system inspect_cpu inspect_memory inspect_disks; do
    $part
    printf ','
  done
  inspect_nics
  printf '}\n'
}
