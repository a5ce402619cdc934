// Powering on what serves: on and Ready again, whatever dies meanwhile; never off again because it gave up.
import { Fault } from '@rackwright/domain/errors.ts';
import { breakEveryStep } from '@rackwright/testkit/workflows/break-every-step.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { exampleInspection, exampleServer, IMAGE, simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import { expect, test } from 'vitest';
import { powerOnServer } from './power-on-server.ts';

const NODE = 'r1-u01';
const assignment = { clusterId: 'cls_1', nodeName: NODE, imageDigest: IMAGE, rootDiskSerial: 'SSD-1', nodeUid: 'uid-1' } as const;

function dark(changes: Partial<World> = {}) {
  return simulatedWorld({
    server: { ...exampleServer(), state: 'in_service', hardware: exampleInspection(), assignment },
    power: 'off',
    disks: { 'SSD-1': IMAGE, 'HDD-1': 'foreign' },
    nodes: { [NODE]: { uid: 'uid-1', ready: false, unschedulable: false, labels: {} } },
    ...changes,
  });
}

test('one that is on and Ready already is left as it is', async () => {
  const sim = dark({ power: 'on', nodes: { [NODE]: { uid: 'uid-1', ready: true, unschedulable: false, labels: {} } } });
  expect(await drive(powerOnServer, sim, {})).toMatchObject({ outcome: { kind: 'finished' }, waits: [] });
  expect(sim.world.deeds).toEqual([]);
});

test('without a cluster, on is enough; a Node that never comes back is named, and the machine stays on', async () => {
  const alone = dark({ server: { ...exampleServer(), state: 'in_service', assignment: { ...assignment, clusterId: null } } });
  expect(await drive(powerOnServer, alone, {})).toMatchObject({ outcome: { kind: 'finished' } });
  expect(alone.world.power).toBe('on');

  const broken = dark({ boots: 'never' });
  const { outcome, waits } = await drive(powerOnServer, broken, {});
  expect(waits[0]).toMatchObject({ code: 'node_not_ready', facts: { nodeName: NODE } });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'step_deadline_passed' } });
  expect(broken.world.power).toBe('on');
});

test('Ready from before the blackout proves nothing: its kubelet must have booted since', async () => {
  const remembered = { uid: 'uid-1', ready: true, unschedulable: false, labels: {}, bootId: 'boot-1' };
  const stale = dark({ nodes: { [NODE]: { ...remembered } }, boots: 'never' });
  const { outcome, waits } = await drive(powerOnServer, stale, {});
  expect(waits[0]).toMatchObject({ code: 'node_not_ready', facts: { reason: 'its kubelet has not reported since it booted' } });
  expect(outcome).toMatchObject({ kind: 'failed' });
  const booted = dark({ nodes: { [NODE]: { ...remembered } } });
  expect(await drive(powerOnServer, booted, {})).toMatchObject({ outcome: { kind: 'finished' }, waits: [] });
});

/** Dark while it is noted how the server was; a minute later it has noticed that this Node says nothing. */
function darkCluster(changes: Partial<World>) {
  const sim = dark({
    nodes: { [NODE]: { uid: 'uid-1', ready: true, unschedulable: false, labels: {}, bootId: 'boot-1' } },
    ...changes,
  });
  const { connectCluster } = sim.ports;
  const began = sim.world.now;
  let asked = 0;
  sim.ports.connectCluster = async (id) => {
    if (++asked === 1) throw new Fault({ code: 'kubernetes_unreachable', doing: 'look at its Node', retry: 'soon' });
    const node = sim.world.nodes[NODE];
    if (node?.bootId === 'boot-1' && sim.world.now >= began + 40_000) node.ready = false;
    return connectCluster(id);
  };
  return sim;
}

test('where nobody could tell the boot before, Ready counts only once the cluster would have noticed its silence', async () => {
  const stale = await drive(powerOnServer, darkCluster({ boots: 'never' }), {});
  expect(stale.waits[0]).toMatchObject({
    code: 'node_not_ready',
    facts: { reason: 'its kubelet has not reported since it booted' },
  });
  expect(stale.outcome).toMatchObject({ kind: 'failed', error: { code: 'step_deadline_passed' } });

  const booted = darkCluster({});
  const began = booted.world.now;
  expect(await drive(powerOnServer, booted, {})).toMatchObject({ outcome: { kind: 'finished' } });
  expect(booted.world.now - began).toBe(60_000);
});

test('a Node of the same name that is another machine’s does not count', async () => {
  const stolen = dark({ nodes: { [NODE]: { uid: 'uid-of-another', ready: true, unschedulable: false, labels: {} } } });
  const { waits } = await drive(powerOnServer, stolen, {});
  expect(waits[0]).toMatchObject({ code: 'node_not_seen', facts: { insteadUid: 'uid-of-another' } });
});

await breakEveryStep('power on', powerOnServer, {
  params: {},
  start: dark,
  finished(world) {
    expect(world.power).toBe('on');
    expect(world.nodes[NODE]).toMatchObject({ uid: 'uid-1', ready: true });
    expect(world.deeds).toEqual([]);
  },
  gaveUp(world) {
    // Nobody switched it off again, and nothing on its disks was touched.
    expect(world.deeds).toEqual([]);
    expect(world.disks).toEqual({ 'SSD-1': IMAGE, 'HDD-1': 'foreign' });
  },
});
