// Isolating: drained and fenced, its Node kept and closed, its disks untouched; given back as it was while nothing was switched off.
import { breakEveryStep } from '@rackwright/testkit/workflows/break-every-step.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { exampleInspection, exampleServer, IMAGE, simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import { expect, test } from 'vitest';
import { isolateFailsBy, isolateServer } from './isolate-server.ts';

const NODE = 'r1-u01';

function serving(changes: Partial<World> = {}) {
  const assignment = {
    clusterId: 'cls_1',
    nodeName: NODE,
    imageDigest: IMAGE,
    rootDiskSerial: 'SSD-1',
    nodeUid: 'uid-1',
  } as const;
  return simulatedWorld({
    server: { ...exampleServer(), state: 'isolating', hardware: exampleInspection(), assignment },
    power: 'on',
    disks: { 'SSD-1': IMAGE, 'HDD-1': 'foreign' },
    nodes: { [NODE]: { uid: 'uid-1', ready: true, unschedulable: false, labels: {} } },
    pods: [{ namespace: 'shop', name: 'web-1' }],
    ...changes,
  });
}
const untouched = { 'SSD-1': IMAGE, 'HDD-1': 'foreign' };

test('the order is evict, power off; the Node stays, closed, and nothing is erased', async () => {
  const sim = serving();
  const { outcome } = await drive(isolateServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world).toMatchObject({ deeds: ['evict web-1', 'power off'], power: 'off', disks: untouched, erasures: [] });
  expect(sim.world.nodes[NODE]).toMatchObject({ uid: 'uid-1', unschedulable: true });
  expect(sim.world.server.assignment).toMatchObject({ nodeName: NODE, nodeUid: 'uid-1' });
});

test('without its Node: deleted after the fence, revoked, and the server remembers that it has none', async () => {
  const sim = serving({ tokens: { [NODE]: { id: 't' } } });
  await drive(isolateServer, sim, { keepNode: false });
  expect(sim.world).toMatchObject({ deeds: ['evict web-1', 'power off', `delete node ${NODE}`], nodes: {}, tokens: {} });
  expect(sim.world.server.assignment).toMatchObject({ nodeUid: null });
  expect(sim.world.disks).toEqual(untouched);
});

test('a drain that a budget blocks gives the server back: on, and open to pods again', async () => {
  const sim = serving({ pods: [{ namespace: 'shop', name: 'db-0', blockedBy: 'shop/db-pdb' }] });
  const { outcome, log } = await drive(isolateServer, sim, { drain: { policy: 'wait', minutes: 1 } });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'step_deadline_passed' } });
  expect(isolateFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', deeds: [], nodes: { [NODE]: { unschedulable: false } } });
});

test('forced: the pods that stay are removed once the machine is off, and the Node is kept', async () => {
  const sim = serving({ pods: [{ namespace: 'shop', name: 'db-0', blockedBy: 'shop/db-pdb' }] });
  await drive(isolateServer, sim, { drain: { policy: 'force', minutes: 1 } });
  expect(sim.world.deeds).toEqual(['power off', 'force db-0']);
  expect(sim.world.nodes[NODE]).toMatchObject({ unschedulable: true });
});

test('a node that is not Ready is closed and fenced; what it ran is let go, for it is dead', async () => {
  const nodes = { [NODE]: { uid: 'uid-1', ready: false, unschedulable: false, labels: {} } };
  const sim = serving({ nodes, pods: [{ namespace: 'shop', name: 'db-0', blockedBy: 'shop/db-pdb' }] });
  await drive(isolateServer, sim, {});
  expect(sim.world.deeds).toEqual(['power off', 'force db-0']);
  expect(sim.world.nodes[NODE]).toMatchObject({ uid: 'uid-1', unschedulable: true });
});

test("a Node of that name that is another machine's stops it before anything happened", async () => {
  const sim = serving({ nodes: { [NODE]: { uid: 'uid-2', ready: true, unschedulable: false, labels: {} } } });
  const { outcome, log } = await drive(isolateServer, sim, {});
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'node_replaced' } });
  expect(isolateFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', deeds: [] });
});

test('a dead BMC: the word of a named person, and nothing less', async () => {
  const silent = serving({ bmc: 'dead' });
  const { outcome, log, waits } = await drive(isolateServer, silent, {});
  expect(outcome).toMatchObject({ kind: 'failed', error: { facts: { waitedFor: 'fence_unproven' } } });
  expect(waits.some(({ code }) => code === 'fence_unproven')).toBe(true);
  expect(isolateFailsBy(log.steps())).toBe('fail');
  const by = { answer: 'confirm_power_off', person: 'Chen Mei', evidence: 'cords pulled', by: 'noc', at: '2026-01-01T00:00:00Z' };
  const told = serving({ bmc: 'dead', answers: { fence_unproven: by as never } });
  expect((await drive(isolateServer, told, {})).outcome).toEqual({ kind: 'finished' });
});

const idle = () => simulatedWorld({ server: { ...exampleServer(), state: 'isolating' }, power: 'on' });

for (const [name, start, params] of [
  ['isolate a member', () => serving(), {}],
  ['isolate without its Node', () => serving(), { keepNode: false }],
  ['isolate a server that is nobody’s', idle, {}],
] as const) {
  await breakEveryStep(name, isolateServer, {
    params,
    start,
    finished(world) {
      expect(world).toMatchObject({ power: 'off', erasures: [] });
      expect(world.disks).toEqual(start().world.disks);
      for (const node of Object.values(world.nodes)) expect(node.unschedulable).toBe(true);
      expect(Object.keys(world.nodes)).toHaveLength('keepNode' in params ? 0 : Object.keys(start().world.nodes).length);
    },
    gaveUp(world) {
      expect(world.disks).toEqual(start().world.disks);
      const deletedAt = world.deeds.indexOf(`delete node ${NODE}`);
      if (deletedAt >= 0) expect(world.deeds.indexOf('power off')).toBeLessThan(deletedAt);
      // Switched off is never open to new pods.
      if (world.power === 'off') for (const node of Object.values(world.nodes)) expect(node.unschedulable).toBe(true);
    },
  });
}
