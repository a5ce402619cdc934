// What a BMC counts against what was accepted: a BMC sees less than the agent, so only what it does see can differ.
import type { BmcHardware } from '../bmc.ts';
import type { HardwareDifference, Inspection } from './inspection.ts';

/** An empty list where the BMC tells nothing says nothing: most list no disks while the machine is off, some never. */
export function compareWithBmc(accepted: Inspection, seen: BmcHardware): HardwareDifference[] {
  const { serial } = seen.identity;
  const differences: HardwareDifference[] = [];
  if (serial !== '' && serial !== accepted.system.serial) {
    differences.push({ part: 'serial', what: `serial ${accepted.system.serial} is now ${serial}` });
  }
  const serials = accepted.disks.map((disk) => disk.serial).filter((each) => each !== '');
  differences.push(
    ...missing(
      'disk',
      serials,
      seen.disks.map((disk) => disk.serial).filter((each) => each !== ''),
    ),
  );
  differences.push(
    ...missing(
      'nic',
      accepted.nics.map(({ mac }) => mac.toLowerCase()),
      seen.nics.map(({ mac }) => mac.toLowerCase()).filter((mac) => mac !== ''),
    ),
  );
  // The kernel keeps some memory to itself and not always as much: a module lost is far more than a sixteenth.
  const lost = accepted.memoryBytes - seen.memoryBytes;
  if (seen.memoryBytes > 0 && lost > accepted.memoryBytes / 16) {
    differences.push({ part: 'memory', what: `memory ${accepted.memoryBytes} bytes is now ${seen.memoryBytes}` });
  }
  if (seen.cpuCount > 0 && seen.cpuCount !== accepted.cpu.sockets) {
    differences.push({ part: 'cpu', what: `${accepted.cpu.sockets} processors are now ${seen.cpuCount}` });
  }
  return differences;
}

function missing(part: 'disk' | 'nic', accepted: readonly string[], seen: readonly string[]): HardwareDifference[] {
  if (seen.length === 0) return [];
  const here = new Set(seen);
  return accepted.filter((name) => !here.has(name)).map((name) => ({ part, what: `${part} ${name} is gone` }));
}
