// erase_disks as the agent does it: all named disks or none, one piece of evidence each.
import type { ErasureEvidence } from '@rackwright/domain/erasure.ts';
import type { AgentReporter, Instruction } from './agent-instruction.ts';
import { type SimulatedDisk, theDiskWith } from './disks.ts';
import type { MachineWorld, Running } from './machine-world.ts';

export type EraseDisks = {
  instruction: Instruction;
  disks: readonly SimulatedDisk[];
  reporter: AgentReporter;
  world: MachineWorld;
  running: Running;
  /** Called before each disk is touched. */
  begins: (serial: string) => void;
};

const METHODS = { nvme: 'nvme_format', ssd: 'ata_secure_erase', hdd: 'overwrite_zero', virtual: 'blkdiscard_zero' } as const;
/** A spinning disk is written over at this rate; the others forget at once. */
const HDD_BYTES_PER_MS = 200_000;
const SAMPLE = 48 * 1024 ** 2;

export async function eraseDisks({ instruction, disks, reporter, world, running, begins }: EraseDisks): Promise<void> {
  const named = instruction.diskSerials.map((serial) => ({ serial, disk: theDiskWith(disks, serial) }));
  const missing = named.find(({ disk }) => !disk);
  if (missing || named.length === 0) {
    const detail = missing ? `not exactly one disk has serial ${missing.serial}` : 'no disk named';
    return reporter.result('refused', 'disk_serial_mismatch', detail);
  }
  const evidence: ErasureEvidence[] = [];
  for (const [at, { serial, disk }] of named.entries()) {
    if (!disk) continue;
    const { kind, sizeBytes, broken = false } = disk.spec;
    begins(serial);
    const startedAt = new Date().toISOString();
    await world.pace.takes(kind === 'hdd' ? sizeBytes / HDD_BYTES_PER_MS : 2_000, running.power);
    if (!broken) disk.content = { kind: 'zero' };
    evidence.push({
      serial,
      method: METHODS[kind],
      sizeBytes,
      readBack: broken ? 'not_zero' : 'zero',
      checkedBytes: Math.min(sizeBytes, SAMPLE),
      startedAt,
      finishedAt: new Date().toISOString(),
    });
    if (!(await reporter.progress(Math.floor(((at + 1) * 100) / named.length), `${METHODS[kind]} on ${serial}`))) return;
  }
  const whole = evidence.every(({ readBack }) => readBack === 'zero');
  if (whole) return reporter.result('done', '', '', { disks: evidence });
  return reporter.result('failed', 'erase_failed', 'a disk does not read back as zero', { disks: evidence });
}
