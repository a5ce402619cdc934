// The computer system and its parts as documents, made anew from the chassis for each request.
import type { BmcHealth, PowerState } from '@rackwright/domain/bmc.ts';
import { saidPower } from '../bmc-mood.ts';
import type { SimulatedChassis } from '../chassis.ts';
import type { RedfishJson } from './answers.ts';
import { bootProperties, TARGETS } from './boot-words.ts';
import type { RedfishPersonality } from './personality.ts';

export const SYSTEM = '/redfish/v1/Systems/1';
export const RESET = `${SYSTEM}/Actions/ComputerSystem.Reset`;
export const RESET_INFO = `${SYSTEM}/ResetActionInfo`;
export const SETTINGS = `${SYSTEM}/Settings`;
export const RESET_TYPES = [
  'On',
  'ForceOff',
  'GracefulShutdown',
  'ForceRestart',
  'PowerCycle',
  'PushPowerButton',
  'Nmi',
] as const;

const HEALTHY = { State: 'Enabled', Health: 'OK' };
/** Null from a BMC that is starting. */
const ROLLUP: Readonly<Record<BmcHealth, string | null>> = { ok: 'OK', warning: 'Warning', critical: 'Critical', unknown: null };
const POWER: Readonly<Record<PowerState, string>> = {
  on: 'On',
  off: 'Off',
  powering_on: 'PoweringOn',
  powering_off: 'PoweringOff',
  unknown: 'Off',
};
const GIB = 1024 ** 3;

function summaryOf({ mood }: SimulatedChassis): RedfishJson {
  const HealthRollup = ROLLUP[mood.health];
  return { ...HEALTHY, ...(HealthRollup === null ? { Health: null } : {}), HealthRollup };
}

export function collection(path: string, kind: string, members: readonly string[]): RedfishJson {
  return {
    '@odata.type': `#${kind}Collection.${kind}Collection`,
    '@odata.id': path,
    Name: `${kind} collection`,
    'Members@odata.count': members.length,
    Members: members.map((member) => ({ '@odata.id': member })),
  };
}

export function systemDocument(chassis: SimulatedChassis, personality: RedfishPersonality): RedfishJson {
  const { identity, hardware } = chassis;
  const memoryBytes = hardware.memory.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const cores = hardware.cpus.reduce((sum, cpu) => sum + cpu.cores, 0);
  return {
    '@odata.type': '#ComputerSystem.v1_16_0.ComputerSystem',
    '@odata.id': SYSTEM,
    Id: '1',
    Name: 'System',
    SystemType: 'Physical',
    Manufacturer: identity.vendor,
    Model: identity.model,
    SerialNumber: identity.serial,
    UUID: identity.uuid,
    AssetTag: identity.assetTag,
    BiosVersion: identity.biosVersion,
    PowerState: POWER[saidPower(chassis)],
    Status: summaryOf(chassis),
    ...ledProperties(chassis, personality),
    Boot: bootDocument(chassis, personality),
    ...(personality.bootInSettings ? { '@Redfish.Settings': { SettingsObject: { '@odata.id': SETTINGS } } } : {}),
    ProcessorSummary: {
      Count: hardware.cpus.length,
      CoreCount: cores,
      Model: hardware.cpus[0]?.model ?? '',
      Status: HEALTHY,
    },
    MemorySummary: { TotalSystemMemoryGiB: memoryBytes / GIB, Status: HEALTHY },
    ...linksTo('Processors', 'Memory', 'Storage', 'EthernetInterfaces'),
    Links: { Chassis: [{ '@odata.id': '/redfish/v1/Chassis/1' }], ManagedBy: [{ '@odata.id': '/redfish/v1/Managers/1' }] },
    Actions: {
      '#ComputerSystem.Reset': {
        target: RESET,
        '@Redfish.ActionInfo': RESET_INFO,
        ...(personality.actionInfoOnly ? {} : { 'ResetType@Redfish.AllowableValues': RESET_TYPES }),
      },
    },
  };
}

function linksTo(...names: string[]): RedfishJson {
  return Object.fromEntries(names.map((name) => [name, { '@odata.id': `${SYSTEM}/${name}` }]));
}

function bootDocument(chassis: SimulatedChassis, { overrides }: RedfishPersonality): RedfishJson {
  return {
    ...bootProperties(chassis.bootOverride()),
    'BootSourceOverrideTarget@Redfish.AllowableValues': Object.keys(TARGETS),
    'BootSourceOverrideEnabled@Redfish.AllowableValues': [...overrides, 'Disabled'],
    'BootSourceOverrideMode@Redfish.AllowableValues': ['UEFI', 'Legacy'],
  };
}

/** Boot options that wait for their place: here they are in force as soon as written. */
export function settingsDocument(chassis: SimulatedChassis, personality: RedfishPersonality): RedfishJson {
  return {
    '@odata.type': '#ComputerSystem.v1_16_0.ComputerSystem',
    '@odata.id': SETTINGS,
    Id: 'Settings',
    Name: 'Settings of the system',
    Boot: bootDocument(chassis, personality),
  };
}

export function resetActionInfo(): RedfishJson {
  return {
    '@odata.type': '#ActionInfo.v1_3_0.ActionInfo',
    '@odata.id': RESET_INFO,
    Id: 'ResetActionInfo',
    Name: 'Reset',
    Parameters: [{ Name: 'ResetType', Required: true, DataType: 'String', AllowableValues: RESET_TYPES }],
  };
}

export function ledProperties(chassis: SimulatedChassis, { led }: RedfishPersonality): RedfishJson {
  const old = { IndicatorLED: chassis.led() ? 'Lit' : 'Off' };
  return led === 'old' ? old : { LocationIndicatorActive: chassis.led(), ...old };
}

/** A processor, DIMM, network interface or drive: `name` is the collection, `id` its place from 1 on. */
export function partDocument(chassis: SimulatedChassis, name: string, id: number): RedfishJson | undefined {
  const { cpus, memory, nics, disks } = chassis.hardware;
  const at = (kind: string, properties: RedfishJson): RedfishJson => ({
    '@odata.type': kind,
    '@odata.id': `${SYSTEM}/${name}/${id}`,
    Id: String(id),
    ...properties,
    Status: HEALTHY,
  });
  switch (name) {
    case 'Processors': {
      const cpu = cpus[id - 1];
      const counts = cpu && { Model: cpu.model, TotalCores: cpu.cores, TotalThreads: cpu.threads };
      return (
        counts && at('#Processor.v1_13_0.Processor', { Name: `CPU ${id}`, ProcessorType: 'CPU', Socket: `CPU ${id}`, ...counts })
      );
    }
    case 'Memory': {
      const dimm = memory[id - 1];
      return (
        dimm &&
        at('#Memory.v1_14_0.Memory', { Name: dimm.slot, CapacityMiB: dimm.sizeBytes / 1024 ** 2, MemoryDeviceType: 'DDR4' })
      );
    }
    case 'EthernetInterfaces': {
      const nic = nics[id - 1];
      const macs = nic && { MACAddress: nic.mac, PermanentMACAddress: nic.mac, InterfaceEnabled: true, LinkStatus: 'LinkUp' };
      return macs && at('#EthernetInterface.v1_8_0.EthernetInterface', { Name: nic.name, ...macs });
    }
    case 'Storage/1/Drives': {
      const disk = disks[id - 1];
      const sizes = disk && { SerialNumber: disk.serial, Model: disk.model, CapacityBytes: disk.sizeBytes };
      return sizes && at('#Drive.v1_15_0.Drive', { Name: `Disk ${id}`, MediaType: 'SSD', Protocol: 'NVMe', ...sizes });
    }
    default:
      return undefined;
  }
}

export function storageDocument(chassis: SimulatedChassis): RedfishJson {
  const drives = chassis.hardware.disks.map((_, index) => ({ '@odata.id': `${SYSTEM}/Storage/1/Drives/${index + 1}` }));
  return {
    '@odata.type': '#Storage.v1_12_0.Storage',
    '@odata.id': `${SYSTEM}/Storage/1`,
    Id: '1',
    Name: 'Storage',
    Drives: drives,
    'Drives@odata.count': drives.length,
    Status: HEALTHY,
  };
}
