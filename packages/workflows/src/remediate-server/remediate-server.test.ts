// Remediating: fence, let go, switch on, see a new boot; then the next rung; never without proof, never without a reason.
import { Fault } from '@rackwright/domain/errors.ts';
import { hours, minutes } from '@rackwright/domain/durations.ts';
import { breakEveryStep } from '@rackwright/testkit/workflows/break-every-step.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { memoryStepLog } from '@rackwright/testkit/workflows/memory-step-log.ts';
import { exampleInspection, exampleServer, IMAGE, simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import { expect, test } from 'vitest';
import { remediateFailsBy, type RemediateParams, remediateServer } from './remediate-server.ts';

const NODE = 'r1-u01';

function hung(changes: Partial<World> = {}) {
  const assignment = {
    clusterId: 'cls_1',
    nodeName: NODE,
    imageDigest: IMAGE,
    rootDiskSerial: 'SSD-1',
    nodeUid: 'uid-1',
  } as const;
  return simulatedWorld({
    server: { ...exampleServer(), state: 'remediating', hardware: exampleInspection(), assignment },
    power: 'on',
    disks: { 'SSD-1': IMAGE, 'HDD-1': 'foreign' },
    nodes: { [NODE]: { uid: 'uid-1', ready: false, unschedulable: false, labels: {}, bootId: 'boot-0', volumes: 2 } },
    ...changes,
  });
}

/** A person may be asked for a day twice. */
const run = (sim: ReturnType<typeof hung>, params: RemediateParams = {}) =>
  drive(remediateServer, sim, params, memoryStepLog(new Date(sim.world.now + hours(52)).toISOString()));
const CYCLE = ['power off', `out of service ${NODE}`];

test('a hung kubelet: one power cycle, the same Node in a new boot, the taint gone', async () => {
  const sim = hung();
  const { outcome, log } = await run(sim);
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds).toEqual(CYCLE);
  expect(sim.world.nodes[NODE]).toMatchObject({ uid: 'uid-1', ready: true, bootId: 'boot-0+', outOfService: false, volumes: 0 });
  expect(log.steps().find(({ name }) => name.startsWith('restart its software'))?.result).toEqual({
    restarted: false,
    because: 'no agent runs on the installed system',
  });
});

test('not mended by the first cycle: a second one, with its BMC restarted while it is off', async () => {
  const sim = hung({ boots: 'second_time' });
  const { outcome, waits } = await run(sim, { bootSeconds: 60 });
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds).toEqual([...CYCLE, ...CYCLE, 'restart the BMC']);
  expect(new Set(waits.map(({ code }) => code))).toEqual(new Set(['second_sighting_due', 'node_not_ready', 'bmc_restarting']));
});

test('not mended at all: the BMC is asked, nothing is broken, and it says so; the machine is on and its Node untouched', async () => {
  const sim = hung({ boots: 'never' });
  const { outcome, log } = await run(sim, { bootSeconds: 60 });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'remediation_exhausted', facts: { powerCycles: 2 } } });
  expect(remediateFailsBy(log.steps())).toBe('fail');
  expect(sim.world).toMatchObject({ power: 'on', findings: [], nodes: { [NODE]: { uid: 'uid-1', outOfService: false } } });
});

test('a broken part is named, and kept with the server', async () => {
  const at = '2025-12-31T20:00:00Z';
  const sim = hung({
    boots: 'never',
    eventLog: [
      { id: '1', at: '2024-01-01T00:00:00Z', severity: 'critical', message: 'drive bay 5: drive fault' },
      { id: '2', at, severity: 'critical', message: 'memory 12: uncorrectable error' },
    ],
  });
  const { outcome } = await run(sim, { bootSeconds: 60 });
  const finding = { signal: 'memory_uncorrectable', detail: 'memory 12: uncorrectable error' };
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'hardware_failed', facts: finding } });
  expect(sim.world.findings).toEqual([finding]);
});

test('the budget of its day: with one cycle left there is no second one', async () => {
  const sim = hung({ boots: 'never' });
  const { outcome } = await run(sim, { bootSeconds: 60, powerCycles: 1 });
  expect(outcome).toMatchObject({ error: { code: 'remediation_exhausted', facts: { powerCycles: 1 } } });
  expect(sim.world.deeds).toEqual(CYCLE);
});

test('entered higher up: only the cycle with the restart of the BMC', async () => {
  const sim = hung();
  await run(sim, { first: 'power_cycle_bmc_reset' });
  expect(sim.world.deeds).toEqual([...CYCLE, 'restart the BMC']);
});

test('Ready again before anything was done: nothing is done, where that was all that was wanted', async () => {
  const ready = () =>
    hung({ nodes: { [NODE]: { uid: 'uid-1', ready: true, unschedulable: false, labels: {}, bootId: 'boot-0' } } });
  const well = ready();
  expect((await run(well, { onlyIf: 'not_ready' })).outcome).toEqual({ kind: 'finished' });
  expect(well.world.deeds).toEqual([]);
  // A deadlocked kernel may have a Ready node: the API server's old word about it does not end the wait either.
  const deadlocked = ready();
  expect((await run(deadlocked)).outcome).toEqual({ kind: 'finished' });
  expect(deadlocked.world.deeds).toEqual(CYCLE);
});

test.each([
  ['gone', {}, 'node_gone'],
  ['another machine’s', { [NODE]: { uid: 'uid-2', ready: false, unschedulable: false, labels: {} } }, 'node_replaced'],
])('a Node that is %s: nothing is switched off', async (_, nodes, code) => {
  const sim = hung({ nodes });
  const { outcome, log } = await run(sim);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code } });
  expect(remediateFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', deeds: [] });
});

test('a dead BMC proves nothing: it waits for a person, marks nothing out of service, and gives up degraded', async () => {
  const sim = hung({ bmc: 'dead' });
  const { outcome, waits } = await run(sim);
  expect(waits[0]).toMatchObject({ code: 'fence_unproven' });
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { code: 'step_deadline_passed', facts: { waitedFor: 'fence_unproven' } },
  });
  expect(sim.world.deeds).toEqual([]);
});

test('somebody switches it on before its node was marked: it is not marked', async () => {
  const sim = hung();
  const { connectCluster } = sim.ports;
  let asked = 0;
  sim.ports.connectCluster = async (clusterId) => {
    const cluster = await connectCluster(clusterId);
    return {
      ...cluster,
      ensureOutOfService(name, proof) {
        if (++asked > 1) return cluster.ensureOutOfService(name, proof);
        sim.world.power = 'on';
        return Promise.reject(new Fault({ code: 'kubernetes_unreachable', doing: 'taint the node', retry: 'later' }));
      },
    };
  };
  const { outcome } = await run(sim);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'fence_broken' } });
  expect(sim.world.deeds).toEqual(['power off']);
});

test('volumes that do not let go hold it up for two minutes and no longer', async () => {
  const sim = hung();
  const { connectCluster } = sim.ports;
  sim.ports.connectCluster = async (clusterId) => {
    const cluster = await connectCluster(clusterId);
    const node = async (name: string) => {
      const seen = await cluster.node(name);
      return seen && { ...seen, volumesAttached: 1 };
    };
    return { ...cluster, node };
  };
  const began = sim.world.now;
  const { outcome, waits } = await run(sim);
  expect(outcome).toEqual({ kind: 'finished' });
  expect(waits.some(({ code }) => code === 'volumes_leaving')).toBe(true);
  expect(sim.world.now - began).toBeLessThan(minutes(3));
});

test('a host without a cluster is well when its BMC says on', async () => {
  const sim = hung({ nodes: {} });
  sim.world.server.assignment!.clusterId = null;
  expect((await run(sim)).outcome).toEqual({ kind: 'finished' });
  expect(sim.world).toMatchObject({ power: 'on', deeds: ['power off'] });
});

await breakEveryStep('remediate', remediateServer, {
  params: { bootSeconds: 60 },
  start: () => hung({ boots: 'second_time' }),
  finished(world) {
    expect(world.nodes[NODE]).toMatchObject({ uid: 'uid-1', ready: true, outOfService: false });
    expect(world.power).toBe('on');
  },
  gaveUp(world) {
    // As it was found: on, with its own Node, open to its pods.
    expect(world.power).toBe('on');
    expect(world.nodes[NODE]).toMatchObject({ uid: 'uid-1' });
    expect(world.nodes[NODE]?.outOfService).not.toBe(true);
    expect(world.server.assignment).toMatchObject({ nodeName: NODE, nodeUid: 'uid-1' });
  },
});
