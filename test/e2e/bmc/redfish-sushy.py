#!/usr/bin/python3
"""OpenStack's Redfish client drives one BMC; prints what it saw as JSON. Arguments: URL USER PASSWORD CA.pem."""
import json
import sys

import sushy
import sushy.auth

url, user, password, ca = sys.argv[1:5]
seen = {}


def connect(auth):
    return sushy.Sushy(url, verify=ca, auth=auth)


for name, auth in (
    ("basic", sushy.auth.BasicAuth(username=user, password=password)),
    ("session", sushy.auth.SessionAuth(username=user, password=password)),
    ("either", sushy.auth.SessionOrBasicAuth(username=user, password=password)),
):
    root = connect(auth)
    system = root.get_system("/redfish/v1/Systems/1")
    seen[name] = [system.uuid, system.power_state.value]

seen["resets"] = sorted(value.value for value in system.get_allowed_reset_system_values())
seen["targets"] = sorted(value.value for value in system.get_allowed_system_boot_source_values())
seen["nics"] = sorted(system.ethernet_interfaces.summary)
seen["threads"] = system.processors.summary.count
seen["memory"] = system.memory_summary.size_gib
seen["drives"] = [drive.serial_number for storage in system.storage.get_members() for drive in storage.drives]
seen["bmc"] = root.get_manager("/redfish/v1/Managers/1").firmware_version
seen["serial"] = root.get_chassis("/redfish/v1/Chassis/1").serial_number

system.set_system_boot_options(
    sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE, mode=sushy.BOOT_SOURCE_MODE_UEFI
)
system.refresh(force=True)
seen["boot"] = [system.boot.enabled.value, system.boot.target.value, system.boot.mode.value]

system.set_indicator_led(sushy.INDICATOR_LED_LIT)
system.refresh(force=True)
seen["led"] = system.indicator_led.value

for name, reset in (("on", sushy.RESET_TYPE_ON), ("off", sushy.RESET_TYPE_FORCE_OFF)):
    system.reset_system(reset)
    system.refresh(force=True)
    seen[name] = system.power_state.value
seen["boot_after"] = system.boot.enabled.value

root._auth.close()

try:
    connect(sushy.auth.SessionAuth(username=user, password="wrong")).get_system("/redfish/v1/Systems/1")
    seen["wrong"] = "let in"
except sushy.exceptions.AccessError as refused:
    seen["wrong"] = refused.status_code

print(json.dumps(seen))
