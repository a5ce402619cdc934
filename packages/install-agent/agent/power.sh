# Leaving the ramdisk. The BMC may only see "off" when nothing is left in a cache.

reboot_now() {
  log 'rebooting'
  sync
  reboot -f
}

# power_off WHY
power_off() {
  log "powering off: $1"
  sync
  poweroff -f
}
