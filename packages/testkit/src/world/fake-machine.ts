// The fake server itself: boots from the network into the agent, or from its disk into a node, as a real one would.
import type { InstructionDeed, InstructionResult } from '@rackwright/workflows/ports.ts';
import type { FakeNode, Ticket, World } from './world.ts';

export function bootMachine(world: World): void {
  const device = world.bootOnce === 'none' ? 'disk' : world.bootOnce;
  world.bootOnce = 'none';
  const ticket = world.tickets.find((t) => t.open);
  if (device === 'network' && ticket) ticket.inspection = structuredClone(world.seenInspection);
  else bootDisk(world);
}

function bootDisk(world: World): void {
  if (!Object.values(world.disks).some((content) => content.startsWith('sha256-'))) return;
  const offs = world.deeds.filter((deed) => deed === 'power off').length;
  if (world.boots === 'never' || (world.boots === 'second_time' && offs < 2)) return;
  const seed = world.tickets.flatMap((t) => t.instructions).find((i) => i.deed.do === 'write_image')?.deed;
  const name = seed?.do === 'write_image' ? seed.seed.hostname : world.server.assignment?.nodeName;
  if (name === undefined) return;
  const known = world.nodes[name];
  if (known) return bootAgain(known);
  // A kubelet without a live token can join only if it joined before.
  if (seed?.do !== 'write_image' || !world.tokens[name]) return;
  const labels = { ...seed.seed.nodeLabels };
  world.nodes[name] = { uid: `uid-${name}`, bootId: 'boot', ready: true, unschedulable: false, labels };
}

/** It joined before: its kubelet finds its own Node again. */
function bootAgain(node: FakeNode): void {
  node.ready = true;
  node.bootId = `${node.bootId ?? 'boot'}+`;
}

/** What the agent does when it is told; the world's disks change. */
export function obey(world: World, ticket: Ticket, deed: InstructionDeed): InstructionResult {
  const done = (evidence: unknown = {}): InstructionResult => ({ outcome: 'done', code: 'done', detail: '', evidence });
  if (!ticket.inspection || world.power !== 'on') throw new Error('an agent that does not run was asked to work');
  if (world.agentOutcome === 'refused')
    return { outcome: 'refused', code: 'disk_serial_mismatch', detail: 'no such disk', evidence: {} };
  if (deed.do === 'write_image') {
    world.deeds.push(`write ${deed.diskSerial}`);
    world.disks[deed.diskSerial] = deed.imageDigest;
  }
  if (deed.do === 'burn_in') return burnIn(world);
  if (deed.do !== 'erase_disks') return done();
  const at = new Date(world.now).toISOString();
  for (const serial of deed.diskSerials) {
    world.deeds.push(`erase ${serial}`);
    world.disks[serial] = 'zero';
  }
  const evidenceOf = (serial: string) =>
    ({
      serial,
      method: 'overwrite_zero',
      sizeBytes: 1,
      readBack: 'zero',
      checkedBytes: 1,
      startedAt: at,
      finishedAt: at,
    }) as const;
  return done({ disks: deed.diskSerials.map(evidenceOf) });
}

function burnIn(world: World): InstructionResult {
  const test = { test: 'memory', subject: '', seconds: 1, detail: 'a word read back wrong' } as const;
  if (world.burnIn === 'logs a fault')
    world.eventLog?.push({ id: 'sel-9', at: null, severity: 'critical', message: 'Uncorrectable ECC, DIMM A2' });
  const passed = world.burnIn !== 'fails';
  const evidence = { tests: [{ ...test, passed, detail: passed ? '' : test.detail }] };
  return passed
    ? { outcome: 'done', code: '', detail: '', evidence }
    : { outcome: 'failed', code: 'burn_in_failed', detail: `memory: ${test.detail}`, evidence };
}
