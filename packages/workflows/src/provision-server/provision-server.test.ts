// Provisioning: the accepted disk and no other, one token, one Node; and the machine off when it gave up.
import { breakEveryStep } from '@rackwright/testkit/workflows/break-every-step.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { exampleInspection, exampleServer, IMAGE, simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import { expect, test } from 'vitest';
import { provisionFailsBy, provisionServer } from './provision-server.ts';
import type { ProvisionParams } from './provision-params.ts';

const params: ProvisionParams = { imageDigest: IMAGE, clusterId: 'cls_1' };
const accepted = (changes: Partial<World> = {}) =>
  simulatedWorld({ server: { ...exampleServer(), state: 'provisioning', hardware: exampleInspection() }, ...changes });

test('a changed disk is refused before anything is written', async () => {
  const seen = exampleInspection();
  seen.disks[0] = { ...seen.disks[0]!, serial: 'SSD-OTHER' };
  const sim = accepted({ seenInspection: seen });
  const { outcome, log } = await drive(provisionServer, sim, params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'hardware_changed' } });
  expect(sim.world.deeds.filter((deed) => deed.startsWith('write'))).toEqual([]);
  expect(sim.world.tokens).toEqual({});
  expect(provisionFailsBy(log.steps())).toBe('keep');
});

test('a Node of that name that is not ours is left alone', async () => {
  const node = { uid: 'theirs', ready: true, unschedulable: false, labels: {} };
  const sim = accepted({ nodes: { 'r1-u01': node } });
  const { outcome } = await drive(provisionServer, sim, params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'node_name_taken' } });
  expect(sim.world.nodes).toEqual({ 'r1-u01': node });
});

test('our own Node of an earlier attempt is fenced, then deleted, then made anew', async () => {
  const node = { uid: 'old', ready: false, unschedulable: false, labels: { 'rackwright.dev/server-id': 'srv_1' } };
  const sim = accepted({ nodes: { 'r1-u01': node }, power: 'on' });
  const { outcome } = await drive(provisionServer, sim, params);
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds.slice(0, 2)).toEqual(['power off', 'delete node r1-u01']);
  expect(sim.world.nodes['r1-u01']).toMatchObject({ uid: 'uid-r1-u01', ready: true });
});

test('an agent that refuses its disk fails the operation with its reason', async () => {
  const { outcome, log } = await drive(provisionServer, accepted({ agentOutcome: 'refused' }), params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'disk_serial_mismatch' } });
  expect(provisionFailsBy(log.steps())).toBe('fail');
});

test('a second attempt under another node name is refused: the first Node would be left behind', async () => {
  const assignment = {
    clusterId: 'cls_1',
    nodeName: 'old-name',
    imageDigest: IMAGE,
    rootDiskSerial: 'SSD-1',
    nodeUid: null,
  } as const;
  const sim = accepted();
  sim.world.server.assignment = assignment;
  const { outcome } = await drive(provisionServer, sim, params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'server_already_allocated', facts: { nodeName: 'old-name' } } });
  expect(sim.world.server.assignment).toEqual(assignment);
});

test('an unknown image, or one too large for every disk, is refused at once', async () => {
  const unknown = await drive(provisionServer, accepted(), { ...params, imageDigest: 'sha256-none' });
  expect(unknown.outcome).toMatchObject({ error: { code: 'image_unknown' } });
  const wanted = await drive(provisionServer, accepted(), { ...params, rootDiskSerial: 'NOT-THERE' });
  expect(wanted.outcome).toMatchObject({ error: { code: 'no_disk_large_enough' } });
});

await breakEveryStep('provision', provisionServer, {
  params,
  start: () => accepted(),
  finished(world) {
    expect(world.disks).toEqual({ 'SSD-1': IMAGE, 'HDD-1': 'foreign' });
    expect(world.nodes['r1-u01']).toMatchObject({
      ready: true,
      labels: { 'topology.kubernetes.io/region': 'tpe1', 'topology.kubernetes.io/zone': 'R1', 'rackwright.dev/power-feed': 'A' },
    });
    expect(world.tokens).toEqual({});
    expect(world.server.assignment).toMatchObject({ nodeName: 'r1-u01', nodeUid: 'uid-r1-u01', rootDiskSerial: 'SSD-1' });
    expect(world.power).toBe('on');
    expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
  },
  gaveUp(world, step) {
    expect(world.tokens).toEqual({});
    expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
    expect(world.disks['HDD-1']).toBe('foreign');
    // Whatever was switched on is off again, so that a half-installed machine cannot join behind our back.
    expect(world.power, step).toBe('off');
  },
});
