# Log lines: to the kernel's log, so that they show on every console and in the BMC's serial-over-LAN.

log() {
  read -r uptime _ </proc/uptime
  echo "<6>rackwright-agent [$uptime] $*" >/dev/kmsg
}
