// What servers of one product are expected to be made of, and how an inspection differs from that.
import type { HardwareDifference, Inspection } from './inspection.ts';

/** Null expects nothing. */
export type ExpectedHardware = {
  cpuSockets: number | null;
  memoryBytes: number | null;
  /** All of its disks, by size. */
  disks: { count: number; sizeBytes: number }[] | null;
  nics: number | null;
};

/** As the BMC tells them, compared as they are; null expects nothing. */
export type ExpectedFirmware = { bmcFirmware: string | null; biosVersion: string | null };

/** In the order in which a person would look: an empty list when it is what was bought. */
export function compareWithModel(
  expected: ExpectedHardware,
  { cpu, memoryBytes, disks, nics }: Inspection,
): HardwareDifference[] {
  const differences: HardwareDifference[] = [];
  if (expected.cpuSockets !== null && cpu.sockets !== expected.cpuSockets) {
    differences.push({ part: 'cpu', what: `${cpu.sockets} processors instead of ${expected.cpuSockets}` });
  }
  // The kernel keeps some memory to itself: a module lost is far more than a sixteenth.
  if (expected.memoryBytes !== null && Math.abs(memoryBytes - expected.memoryBytes) > expected.memoryBytes / 16) {
    differences.push({ part: 'memory', what: `memory ${memoryBytes} bytes instead of ${expected.memoryBytes}` });
  }
  if (expected.disks !== null) differences.push(...compareDisks(expected.disks, disks));
  if (expected.nics !== null && nics.length !== expected.nics) {
    differences.push({ part: 'nic', what: `${nics.length} NICs instead of ${expected.nics}` });
  }
  return differences;
}

/** Makers agree on the size of a disk to within a few percent. */
const sameSize = (a: number, b: number): boolean => Math.abs(a - b) <= b / 20;

function compareDisks(expected: { count: number; sizeBytes: number }[], disks: Inspection['disks']): HardwareDifference[] {
  const wrong = expected.flatMap(({ count, sizeBytes }): HardwareDifference[] => {
    const found = disks.filter((disk) => sameSize(disk.sizeBytes, sizeBytes)).length;
    return found === count ? [] : [{ part: 'disk', what: `${found} disks of ${sizeBytes} bytes instead of ${count}` }];
  });
  const surplus = disks.filter((disk) => !expected.some(({ sizeBytes }) => sameSize(disk.sizeBytes, sizeBytes)));
  return [
    ...wrong,
    ...surplus.map(({ serial }): HardwareDifference => ({ part: 'disk', what: `disk ${serial} is not expected` })),
  ];
}
