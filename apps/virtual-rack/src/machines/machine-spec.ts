// What a simulated server is made of: enough for its firmware, its BMC and the install agent to tell the same story.
import type { FirmwareMode } from '@rackwright/domain/bmc.ts';
import type { InspectedDisk } from '@rackwright/domain/hardware/inspection.ts';

export type DiskSpec = Pick<InspectedDisk, 'serial' | 'model' | 'sizeBytes' | 'rotational' | 'kind'> & {
  /** Writing or erasing it fails. */
  broken?: boolean;
  /** What it says its serial is, when that is not what the label says. */
  reportedSerial?: string;
};

export type MachineSpec = {
  name: string;
  /** Where it hangs on its rack's switch: option 82's circuit id, and LLDP's port. */
  switchPort: string;
  firmwareMode: FirmwareMode;
  identity: { vendor: string; model: string; serial: string; uuid: string; assetTag: string; biosVersion: string };
  cpu: { model: string; sockets: number; cores: number; threads: number };
  memory: { slot: string; sizeBytes: number; serial: string; manufacturer: string }[];
  /** The first one boots from the network. */
  nics: { name: string; mac: string; speedMbps: number; driver: string }[];
  disks: DiskSpec[];
};

const GIB = 1024 ** 3;

/** The nth server of a rack row: always the same parts for the same number. MACs are locally administered (02:…). */
export function machineSpec(
  n: number,
  place: { name: string; rack: string; u: number; firmwareMode?: FirmwareMode },
): MachineSpec {
  const number = String(n + 1).padStart(5, '0');
  const [high, middle, low] = [16, 8, 0].map((shift) => hex((n >> shift) & 0xff, 2));
  const mac = (nic: number) => `02:5${nic}:57:${high}:${middle}:${low}`;
  return {
    name: place.name,
    switchPort: `xe-0/0/${place.u}`,
    firmwareMode: place.firmwareMode ?? 'uefi',
    identity: {
      vendor: 'Rackwright',
      model: n % 4 === 3 ? 'Simulated R740 storage' : 'Simulated R640',
      serial: `RW-SIM-${number}`,
      uuid: `52570000-0000-4000-8000-${hex(n + 1, 12)}`,
      assetTag: `ASSET-${number}`,
      biosVersion: '2.11.2',
    },
    cpu: { model: 'Simulated Xeon Gold 6130', sockets: 2, cores: 32, threads: 64 },
    memory: Array.from({ length: 4 }, (_, slot) => ({
      slot: `DIMM A${slot + 1}`,
      sizeBytes: 16 * GIB,
      serial: `M${number}${slot}`,
      manufacturer: 'Rackwright',
    })),
    nics: [
      { name: 'eth0', mac: mac(2), speedMbps: 25_000, driver: 'simulated' },
      { name: 'eth1', mac: mac(3), speedMbps: 25_000, driver: 'simulated' },
    ],
    disks: [
      { serial: `RW-NVME-${number}`, model: 'Simulated NVMe', sizeBytes: 480_103_981_056, rotational: false, kind: 'nvme' },
      ...(n % 4 === 3
        ? ([
            { serial: `RW-HDD-${number}A`, model: 'Simulated HDD', sizeBytes: 8_001_563_222_016, rotational: true, kind: 'hdd' },
            { serial: `RW-HDD-${number}B`, model: 'Simulated HDD', sizeBytes: 8_001_563_222_016, rotational: true, kind: 'hdd' },
          ] as const)
        : []),
    ],
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
