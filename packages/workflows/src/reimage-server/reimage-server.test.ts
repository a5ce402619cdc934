// Re-imaging: pods first, power next, the root disk and no other, and the same name with all that was written on its Node.
import { breakEveryStep } from '@rackwright/testkit/workflows/break-every-step.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import {
  exampleInspection,
  exampleServer,
  IMAGE,
  NEWER_IMAGE,
  simulatedWorld,
} from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import { expect, test } from 'vitest';
import { reimageFailsBy, reimageServer } from './reimage-server.ts';

const NODE = 'r1-u01';
const OWN = { 'rackwright.dev/server-id': 'srv_1' };

function serving(changes: Partial<World> = {}) {
  const assignment = {
    clusterId: 'cls_1',
    nodeName: NODE,
    imageDigest: IMAGE,
    rootDiskSerial: 'SSD-1',
    nodeLabels: { pool: 'batch' },
    nodeUid: 'uid-1',
  } as const;
  return simulatedWorld({
    server: { ...exampleServer(), state: 'reimaging', hardware: exampleInspection(), assignment },
    power: 'on',
    disks: { 'SSD-1': IMAGE, 'HDD-1': 'a database' },
    nodes: {
      [NODE]: { uid: 'uid-1', ready: true, unschedulable: false, labels: { ...OWN, 'node-role.kubernetes.io/worker': '' } },
    },
    pods: [{ namespace: 'shop', name: 'web-1' }],
    ...changes,
  });
}

test('another image under the same name: evict, power off, delete the Node, write the root disk', async () => {
  const sim = serving();
  const { outcome } = await drive(reimageServer, sim, { imageDigest: NEWER_IMAGE });
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds).toEqual(['evict web-1', 'power off', `delete node ${NODE}`, 'write SSD-1', 'power off']);
  expect(sim.world.disks).toEqual({ 'SSD-1': NEWER_IMAGE, 'HDD-1': 'a database' });
  expect(sim.world.server.assignment).toEqual({
    clusterId: 'cls_1',
    nodeName: NODE,
    imageDigest: NEWER_IMAGE,
    rootDiskSerial: 'SSD-1',
    rootPartition: 3,
    seedPartition: 2,
    nodeLabels: { pool: 'batch' },
    nodeUid: `uid-${NODE}`,
  });
});

test('the disk that was installed is written, though the policy would choose another one', async () => {
  const sim = serving();
  sim.world.server.assignment!.rootDiskSerial = 'HDD-1';
  sim.world.disks = { 'SSD-1': 'a database', 'HDD-1': IMAGE };
  const { outcome } = await drive(reimageServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.disks).toEqual({ 'SSD-1': 'a database', 'HDD-1': IMAGE });
});

test('labels, taints and the cordon of somebody else are on the new Node too; what controllers tainted is not', async () => {
  const sim = serving();
  const node = sim.world.nodes[NODE]!;
  node.unschedulable = true;
  node.taints = [
    { key: 'team', value: 'gpu', effect: 'NoSchedule' },
    { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
  ];
  const { outcome } = await drive(reimageServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.nodes[NODE]).toMatchObject({
    uid: `uid-${NODE}`,
    unschedulable: true,
    labels: { ...OWN, pool: 'batch', 'node-role.kubernetes.io/worker': '' },
    taints: [{ key: 'team', value: 'gpu', effect: 'NoSchedule' }],
  });
});

test('a budget that holds its pod leaves the node as it was', async () => {
  const sim = serving({ pods: [{ namespace: 'shop', name: 'db-0', blockedBy: 'shop/db-pdb' }] });
  const { outcome, log } = await drive(reimageServer, sim, { drain: { policy: 'wait', minutes: 1 } });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'step_deadline_passed' } });
  expect(reimageFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', deeds: [], nodes: { [NODE]: { uid: 'uid-1', unschedulable: false } } });
  expect(sim.world.server.assignment?.nodeUid).toBe('uid-1');
});

test('an unknown image, a root disk that is on file no more, nothing installed: refused before anything is cordoned', async () => {
  const unknown = serving();
  expect((await drive(reimageServer, unknown, { imageDigest: 'sha256-none' })).outcome).toMatchObject({
    error: { code: 'image_unknown' },
  });
  const lost = serving();
  lost.world.server.assignment!.rootDiskSerial = 'SSD-0';
  expect((await drive(reimageServer, lost, {})).outcome).toMatchObject({ error: { code: 'no_disk_large_enough' } });
  const empty = serving();
  empty.world.server.assignment = null;
  const { outcome, log } = await drive(reimageServer, empty, {});
  expect(outcome).toMatchObject({ error: { code: 'nothing_installed' } });
  expect(reimageFailsBy(log.steps())).toBe('keep');
  for (const { world } of [unknown, lost, empty]) expect(world).toMatchObject({ power: 'on', deeds: [] });
});

test('a Node of its name that is another machine’s is left alone, and nothing is switched off', async () => {
  const theirs = { uid: 'uid-2', ready: true, unschedulable: false, labels: { 'rackwright.dev/server-id': 'srv_2' } };
  const replaced = serving({ nodes: { [NODE]: theirs } });
  expect((await drive(reimageServer, replaced, {})).outcome).toMatchObject({ error: { code: 'node_replaced' } });
  const taken = serving({ nodes: { [NODE]: theirs } });
  taken.world.server.assignment!.nodeUid = null;
  expect((await drive(reimageServer, taken, {})).outcome).toMatchObject({ error: { code: 'node_name_taken' } });
  for (const { world } of [replaced, taken]) expect(world).toMatchObject({ power: 'on', deeds: [], nodes: { [NODE]: theirs } });
});

test('a machine that is not the accepted one is not written: it rests half installed, off', async () => {
  const seen = exampleInspection();
  seen.disks[1] = { ...seen.disks[1]!, serial: 'HDD-OTHER' };
  const sim = serving({ seenInspection: seen });
  const { outcome, log } = await drive(reimageServer, sim, {});
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'hardware_changed' } });
  expect(reimageFailsBy(log.steps())).toBe('fail');
  expect(sim.world).toMatchObject({ power: 'off', disks: { 'SSD-1': IMAGE, 'HDD-1': 'a database' }, tokens: {} });
});

test('a node that is not Ready is fenced without a drain, and one that was deleted by hand joins again', async () => {
  const silent = serving({ nodes: { [NODE]: { uid: 'uid-1', ready: false, unschedulable: false, labels: OWN } } });
  expect((await drive(reimageServer, silent, {})).outcome).toEqual({ kind: 'finished' });
  expect(silent.world.deeds[0]).toBe('power off');
  const deleted = serving({ nodes: {} });
  expect((await drive(reimageServer, deleted, {})).outcome).toEqual({ kind: 'finished' });
  expect(deleted.world.nodes[NODE]).toMatchObject({ ready: true, labels: { pool: 'batch' } });
});

test('a host without a cluster gets its system again', async () => {
  const sim = serving({ nodes: {}, pods: [] });
  sim.world.server.assignment!.clusterId = null;
  const { outcome } = await drive(reimageServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world).toMatchObject({ power: 'on', tokens: {}, nodes: {}, disks: { 'SSD-1': IMAGE, 'HDD-1': 'a database' } });
});

await breakEveryStep('re-image', reimageServer, {
  params: { imageDigest: NEWER_IMAGE },
  start: () => serving(),
  finished(world) {
    expect(world.disks).toEqual({ 'SSD-1': NEWER_IMAGE, 'HDD-1': 'a database' });
    expect(world.nodes[NODE]).toMatchObject({ uid: `uid-${NODE}`, ready: true, unschedulable: false });
    expect(world.nodes[NODE]?.labels).toMatchObject({ pool: 'batch', 'node-role.kubernetes.io/worker': '' });
    expect(world.tokens).toEqual({});
    expect(world.server.assignment).toMatchObject({ nodeName: NODE, nodeUid: `uid-${NODE}`, imageDigest: NEWER_IMAGE });
    expect(world.server.address).toBe('10.0.0.11');
    expect(world.power).toBe('on');
    expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
  },
  gaveUp(world, step) {
    expect(world.disks['HDD-1']).toBe('a database');
    expect(world.tokens).toEqual({});
    expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
    const deletedAt = world.deeds.indexOf(`delete node ${NODE}`);
    if (deletedAt >= 0) expect(world.deeds.indexOf('power off')).toBeLessThan(deletedAt);
    // Either nothing was switched off and the node serves on, or the machine is off: half installed, it must not join behind our back.
    const left = world.server.assignment?.nodeUid === null;
    if (world.power === 'on') expect(world.nodes[NODE], step).toMatchObject({ uid: 'uid-1', ready: true, unschedulable: left });
    expect(world.server.assignment).toMatchObject({ nodeName: NODE, rootDiskSerial: 'SSD-1' });
  },
});
