// What the BMC's documents say about the machine, in our words. No I/O: captured trees and small samples prove it.
import type { BmcHardware, BmcIdentity } from '@rackwright/domain/bmc.ts';
import type { RedfishDocument } from './documents.ts';
import { number, part, text } from './documents.ts';
import type { QuirkTraits } from './quirks.ts';

export type HardwareDocuments = {
  root: RedfishDocument;
  system: RedfishDocument;
  manager: RedfishDocument;
  processors: readonly RedfishDocument[];
  memory: readonly RedfishDocument[];
  nics: readonly RedfishDocument[];
  drives: readonly RedfishDocument[];
  /** What could not be read. */
  warnings: readonly string[];
};

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** Who made the BMC's firmware: it decides the quirks, whoever's name is on the box. */
export function vendorOf(root: RedfishDocument, system: RedfishDocument): string {
  return text(root, 'Vendor') || Object.keys(part(root, 'Oem'))[0] || text(system, 'Manufacturer');
}

export function parseIdentity(
  { root, system, manager }: Pick<HardwareDocuments, 'root' | 'system' | 'manager'>,
  quirks: QuirkTraits,
): BmcIdentity {
  return {
    vendor: text(system, 'Manufacturer') || vendorOf(root, system),
    model: text(system, 'Model'),
    serial: (quirks.serialFrom ? text(system, quirks.serialFrom) : '') || text(system, 'SerialNumber'),
    uuid: (text(system, 'UUID') || text(root, 'UUID')).toLowerCase(),
    bmcFirmware: text(manager, 'FirmwareVersion'),
  };
}

export function parseHardware(documents: HardwareDocuments, quirks: QuirkTraits): BmcHardware {
  return {
    identity: parseIdentity(documents, quirks),
    biosVersion: text(documents.system, 'BiosVersion'),
    cpuCount: countCpus(documents),
    memoryBytes: sumMemory(documents),
    nics: parseNics(documents.nics, quirks),
    disks: documents.drives.filter(isPresent).map(parseDrive),
    warnings: [...documents.warnings, ...doubts(documents)],
  };
}

function countCpus({ system, processors }: HardwareDocuments): number {
  const counted = number(part(system, 'ProcessorSummary'), 'Count');
  if (counted !== undefined && counted > 0) return counted;
  // The collection holds GPUs too (Dell's Video.Slot, Supermicro's UBB).
  return processors.filter((each) => isPresent(each) && /^(CPU)?$/.test(text(each, 'ProcessorType'))).length;
}

function sumMemory({ system, memory }: HardwareDocuments): number {
  const summary = number(part(system, 'MemorySummary'), 'TotalSystemMemoryGiB');
  if (summary !== undefined && summary > 0) return Math.round(summary * GIB);
  // CapacityMiB, not VolatileSizeMiB: that one is missing on some DIMMs that are there.
  return memory.filter(isPresent).reduce((sum, each) => sum + (number(each, 'CapacityMiB') ?? 0) * MIB, 0);
}

function parseNics(nics: readonly RedfishDocument[], { hostInterfaces = [] }: QuirkTraits): BmcHardware['nics'] {
  const byMac = new Map<string, { mac: string; name: string }>();
  for (const nic of nics) {
    const id = text(nic, 'Id');
    const mac = [text(nic, 'PermanentMACAddress'), text(nic, 'MACAddress')].map(normalMac).find((each) => each !== undefined);
    if (mac === undefined || hostInterfaces.includes(id) || byMac.has(mac)) continue;
    // iLO leaves Name empty, Dell says "System Ethernet Interface" of all of them: the id is what tells them apart.
    byMac.set(mac, { mac, name: id || text(nic, 'Name') });
  }
  return [...byMac.values()];
}

/** Lower case with colons; undefined for what BMCs send in place of an address: nothing, zeros, a word. */
function normalMac(value: string): string | undefined {
  const digits = value.replaceAll(/[:.-]/g, '').toLowerCase();
  if (!/^[0-9a-f]{12}$/.test(digits) || digits === '000000000000') return undefined;
  return digits.replaceAll(/(..)(?=.)/g, '$1:');
}

function parseDrive(drive: RedfishDocument): BmcHardware['disks'][number] {
  const mebibytes = number(drive, 'CapacityMiB');
  return {
    serial: text(drive, 'SerialNumber'),
    model: text(drive, 'Model'),
    sizeBytes: number(drive, 'CapacityBytes') ?? (mebibytes === undefined ? 0 : mebibytes * MIB),
  };
}

/** An empty socket or bay has a document too. */
function isPresent(document: RedfishDocument): boolean {
  return text(part(document, 'Status'), 'State') !== 'Absent';
}

function doubts({ system, drives }: HardwareDocuments): string[] {
  const unnamed = drives.filter((drive) => isPresent(drive) && text(drive, 'SerialNumber') === '');
  const discovery = text(part(system, 'Oem', 'Hpe', 'DeviceDiscoveryComplete'), 'DeviceDiscovery');
  return [
    ...unnamed.map((drive) => `disk ${text(drive, 'Name') || text(drive, 'Id')} shows no serial number`),
    ...(discovery === '' || discovery === 'vMainDeviceDiscoveryComplete'
      ? []
      : [`iLO has not found all devices yet: ${discovery}`]),
  ];
}
