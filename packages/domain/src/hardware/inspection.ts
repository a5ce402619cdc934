// What the install agent counted inside a server (docs/agent-protocol.md), and what two counts say about each other.
import type { FirmwareMode } from '../bmc.ts';

export type InspectedDisk = {
  name: string;
  serial: string;
  wwn: string;
  model: string;
  sizeBytes: number;
  rotational: boolean;
  kind: 'nvme' | 'ssd' | 'hdd' | 'virtual';
};

export type InspectedNic = {
  name: string;
  mac: string;
  speedMbps: number;
  linkUp: boolean;
  driver: string;
  lldp?: { chassisId: string; portId: string; systemName: string } | undefined;
};

export type Inspection = {
  agentVersion: string;
  firmwareMode: FirmwareMode;
  system: { manufacturer: string; product: string; serial: string; uuid: string; assetTag: string; biosVersion: string };
  cpu: { model: string; sockets: number; cores: number; threads: number; architecture: string };
  memoryBytes: number;
  memoryModules: { slot: string; sizeBytes: number; serial: string; manufacturer: string }[];
  disks: InspectedDisk[];
  nics: InspectedNic[];
};

export type HardwareDifference = { part: 'serial' | 'disk' | 'nic' | 'memory' | 'cpu'; what: string };

/** What changed between the accepted hardware and a new count; an empty list when nothing that matters did. */
export function compareInspections(accepted: Inspection, seen: Inspection): HardwareDifference[] {
  const differences: HardwareDifference[] = [];
  if (accepted.system.serial !== seen.system.serial) {
    differences.push({ part: 'serial', what: `serial ${accepted.system.serial} is now ${seen.system.serial}` });
  }
  differences.push(
    ...compareSets(
      'disk',
      accepted.disks.map((d) => d.serial),
      seen.disks.map((d) => d.serial),
    ),
  );
  differences.push(
    ...compareSets(
      'nic',
      accepted.nics.map((n) => n.mac),
      seen.nics.map((n) => n.mac),
    ),
  );
  // The kernel keeps some memory to itself and not always as much: a module lost is far more than a sixteenth.
  if (Math.abs(accepted.memoryBytes - seen.memoryBytes) > accepted.memoryBytes / 16) {
    differences.push({ part: 'memory', what: `memory ${accepted.memoryBytes} bytes is now ${seen.memoryBytes}` });
  }
  if (accepted.cpu.sockets !== seen.cpu.sockets) {
    differences.push({ part: 'cpu', what: `${accepted.cpu.sockets} processors are now ${seen.cpu.sockets}` });
  }
  return differences;
}

function compareSets(part: 'disk' | 'nic', before: string[], now: string[]): HardwareDifference[] {
  const gone = before.filter((name) => !now.includes(name)).map((name) => ({ part, what: `${part} ${name} is gone` }));
  const added = now.filter((name) => !before.includes(name)).map((name) => ({ part, what: `${part} ${name} is new` }));
  return [...gone, ...added];
}
