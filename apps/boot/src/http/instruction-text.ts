// An instruction as the agent reads it: lines of `key value` (docs/agent-protocol.md).
import type { GivenInstruction } from './needs.ts';

export const WAIT_TEXT = 'do wait\n';

export function instructionText({ id, deed }: GivenInstruction): string {
  const lines: [key: string, value: string | number][] = [
    ['id', id],
    ['do', deed.do],
  ];
  if (deed.do === 'write_image') {
    lines.push(['disk_serial', deed.diskSerial], ['image', deed.imageDigest]);
    lines.push(['root_partition', deed.rootPartition], ['seed_partition', deed.seedPartition]);
  }
  if (deed.do === 'burn_in') {
    lines.push(['cpu_seconds', deed.cpuSeconds], ['memory_seconds', deed.memorySeconds], ['disk_seconds', deed.diskSeconds]);
  }
  if (deed.do === 'erase_disks') lines.push(...deed.diskSerials.map((serial): [string, string] => ['disk_serial', serial]));
  return lines.map(([key, value]) => `${key} ${oneLine(String(value))}\n`).join('');
}

/** A line break in a serial would be an instruction of its own. It cannot come from a disk that we accepted, so it is a bug. */
function oneLine(value: string): string {
  if (/\p{Cc}/u.test(value)) throw new Error(`a control character in an instruction: ${JSON.stringify(value)}`);
  return value;
}
