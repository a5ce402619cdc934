// Validating: counted, compared, burnt in, and only then back; a failure leaves it off, its Node closed, for the next attempt.
import { breakEveryStep } from '@rackwright/testkit/workflows/break-every-step.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { exampleInspection, exampleServer, IMAGE, simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import { expect, test } from 'vitest';
import { validateServer, type ValidateParams } from './validate-server.ts';

const NODE = 'r1-u01';
const params: ValidateParams = { burnIn: 'short', cameFrom: 'in_service' };
const GIB = 1024 ** 3;

const withModules = (...serials: string[]) => ({
  ...exampleInspection(),
  memoryBytes: serials.length * 16 * GIB,
  memoryModules: serials.map((serial) => ({ slot: 'A1', sizeBytes: 16 * GIB, serial, manufacturer: 'M' })),
});

function kept(changes: Partial<World> = {}) {
  const assignment = {
    clusterId: 'cls_1',
    nodeName: NODE,
    imageDigest: IMAGE,
    rootDiskSerial: 'SSD-1',
    nodeUid: 'uid-1',
  } as const;
  return simulatedWorld({
    server: { ...exampleServer(), state: 'validating', hardware: withModules('M1', 'M2'), assignment },
    disks: { 'SSD-1': IMAGE, 'HDD-1': 'foreign' },
    seenInspection: withModules('M1', 'M2'),
    nodes: { [NODE]: { uid: 'uid-1', ready: false, unschedulable: true, labels: {} } },
    ...changes,
  });
}
const idle = () =>
  simulatedWorld({ server: { ...exampleServer(), state: 'validating', hardware: exampleInspection() }, power: 'off' });

test('the same Node, Ready and open again; nothing was written to any disk', async () => {
  const sim = kept();
  expect((await drive(validateServer, sim, params)).outcome).toEqual({ kind: 'finished' });
  expect(sim.world).toMatchObject({ power: 'on', disks: { 'SSD-1': IMAGE, 'HDD-1': 'foreign' } });
  expect(sim.world.nodes[NODE]).toMatchObject({ uid: 'uid-1', ready: true, unschedulable: false });
});

test('a module that the order names is accepted; another one is a person’s to review', async () => {
  const replaced = { kind: 'memory', oldSerial: 'M2', newSerials: ['N2'] } as const;
  const sim = kept({ seenInspection: withModules('M1', 'N2') });
  expect((await drive(validateServer, sim, { ...params, replaced })).outcome).toEqual({ kind: 'finished' });
  expect(sim.world.server.hardware).toEqual(withModules('M1', 'N2'));

  const stranger = kept({ seenInspection: withModules('M1', 'X9') });
  const { outcome } = await drive(validateServer, stranger, { ...params, replaced });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'hardware_changed' } });
  expect(stranger.world).toMatchObject({ power: 'off', nodes: { [NODE]: { unschedulable: true } } });
  expect(stranger.world.server.hardware).toEqual(withModules('M1', 'M2'));
});

test.each([
  ['fails', 'burn_in_failed'],
  ['logs a fault', 'fault_in_event_log'],
] as const)('a burn-in that %s: off again, closed, and not in service', async (burnIn, code) => {
  const sim = kept({ burnIn });
  const { outcome } = await drive(validateServer, sim, params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code } });
  expect(sim.world).toMatchObject({ power: 'off', nodes: { [NODE]: { ready: false, unschedulable: true } } });
  expect(sim.world.tickets.some((ticket) => ticket.open)).toBe(false);
});

test('faults that stood in the log before say nothing of the repair', async () => {
  const eventLog = [{ id: 'sel-1', at: null, severity: 'critical', message: 'Uncorrectable ECC' } as const];
  expect((await drive(validateServer, kept({ eventLog }), params)).outcome).toEqual({ kind: 'finished' });
});

test('a BMC that keeps no event log says nothing against a repair, however long the burn-in takes', async () => {
  const sim = kept({ eventLog: null });
  const { outcome, log } = await drive(validateServer, sim, params);
  expect(outcome).toEqual({ kind: 'finished' });
  expect(log.steps().find(({ name }) => name === 'read its event log')).toMatchObject({ state: 'done', result: null });
});

test('without burn-in the agent is told nothing', async () => {
  const sim = kept({ burnIn: 'fails' });
  expect((await drive(validateServer, sim, { ...params, burnIn: 'none' })).outcome).toEqual({ kind: 'finished' });
  expect(sim.world.tickets.flatMap(({ instructions }) => instructions)).toEqual([]);
});

test('a Node that came back with another uid is not opened', async () => {
  const sim = kept({ nodes: { [NODE]: { uid: 'uid-2', ready: false, unschedulable: true, labels: {} } } });
  const { outcome } = await drive(validateServer, sim, params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'node_replaced' } });
  expect(sim.world.nodes[NODE]).toMatchObject({ unschedulable: true });
});

test('a server whose Node is gone, or that never served, rests switched off', async () => {
  const gone = kept({ nodes: {} });
  gone.world.server.assignment!.nodeUid = null;
  expect((await drive(validateServer, gone, params)).outcome).toEqual({ kind: 'finished' });
  expect(gone.world.power).toBe('off');
  const half = kept();
  expect((await drive(validateServer, half, { ...params, cameFrom: 'provisioning_failed' })).outcome).toEqual({
    kind: 'finished',
  });
  expect(half.world).toMatchObject({ power: 'off', nodes: { [NODE]: { unschedulable: true } } });
});

test('another machine in its place is refused before anything is taken on file', async () => {
  const other = exampleInspection();
  other.system.serial = 'SN-2';
  const sim = idle();
  sim.world.seenInspection = other;
  const { outcome } = await drive(validateServer, sim, params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'serial_mismatch' } });
});

for (const [name, start, powered] of [
  ['validate a member', kept, 'on'],
  ['validate a server that is nobody’s', idle, 'off'],
] as const) {
  await breakEveryStep(name, validateServer, {
    params,
    start: () => start(),
    finished(world) {
      expect(world.power).toBe(powered);
      for (const node of Object.values(world.nodes)) expect(node).toMatchObject({ ready: true, unschedulable: false });
      expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
      expect(world.disks).toEqual(start().world.disks);
    },
    gaveUp(world, step) {
      expect(world.disks).toEqual(start().world.disks);
      expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
      expect(world.power).toBe('off');
      // Opened only when everything held; the last step may have happened before it gave up.
      for (const node of Object.values(world.nodes)) if (step !== 'open its Node to pods') expect(node.unschedulable).toBe(true);
    },
  });
}
