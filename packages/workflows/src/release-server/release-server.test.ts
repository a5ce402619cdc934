// Releasing: pods first, power next, Node only after the fence, and no way out without erased disks.
import { breakEveryStep } from '@rackwright/testkit/workflows/break-every-step.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { memoryStepLog } from '@rackwright/testkit/workflows/memory-step-log.ts';
import { exampleInspection, exampleServer, IMAGE, simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import type { DrainPolicy } from '@rackwright/domain/drain.ts';
import { hours, minutes } from '@rackwright/domain/durations.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { expect, test } from 'vitest';
import { releaseFailsBy, releaseServer } from './release-server.ts';

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
    server: { ...exampleServer(), state: 'releasing', hardware: exampleInspection(), assignment },
    power: 'on',
    disks: { 'SSD-1': IMAGE, 'HDD-1': 'foreign' },
    nodes: { [NODE]: { uid: 'uid-1', ready: true, unschedulable: false, labels: {} } },
    pods: [{ namespace: 'shop', name: 'web-1' }],
    ...changes,
  });
}

test('a pod that a disruption budget holds is named, and the node goes on serving when patience ends', async () => {
  const sim = serving({ pods: [{ namespace: 'shop', name: 'db-0', blockedBy: 'shop/db-pdb' }] });
  const { outcome, waits, log } = await drive(releaseServer, sim, { drain: { policy: 'wait', minutes: 1 } });
  const blocker = { pod: 'shop/db-0', budget: 'shop/db-pdb', blockedBy: 'held by shop/db-pdb', since: '2026-01-01T00:00:00Z' };
  expect(waits[0]).toMatchObject({ code: 'eviction_blocked', facts: { pods: 1, ...blocker }, blockers: [blocker] });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'step_deadline_passed' } });
  expect(releaseFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', deeds: [] });
  expect(sim.world.nodes[NODE]).toMatchObject({ ready: true, unschedulable: false });
});

const BLOCKED = [{ namespace: 'shop', name: 'db-0', blockedBy: 'shop/db-pdb' }];
const given = (answer: 'force' | 'keep') => ({ answer, by: 'ann', at: '2026-01-01T00:00:00Z' }) as const;
/** Somebody answers as soon as the operation asks. */
async function answering(drain: DrainPolicy, answer?: 'force' | 'keep') {
  const sim = serving({ pods: structuredClone(BLOCKED) });
  const { find } = sim.ports.answers;
  sim.ports.answers.find = async (operation, question) => {
    if (answer && sim.world.now > asked) sim.world.answers.operator_answer = given(answer);
    return find(operation, question);
  };
  const asked = sim.world.now + minutes(drain.minutes);
  const log = memoryStepLog(new Date(sim.world.now + hours(8 * 24)).toISOString());
  const driven = await drive(releaseServer, sim, { drain }, log);
  const askedFor = driven.waits.find(({ code }) => code === 'operator_answer');
  return { ...driven, sim, askedFor };
}

test('force: the pods that a budget holds are removed once the machine is off, and not before its time', async () => {
  const { outcome, sim, waits } = await answering({ policy: 'force', minutes: 2 });
  expect(outcome).toEqual({ kind: 'finished' });
  expect(waits.filter(({ code }) => code === 'eviction_blocked').length).toBeGreaterThan(20);
  const [off, force, gone] = sim.world.deeds;
  expect([off, force, gone]).toEqual(['power off', 'force db-0', `delete node ${NODE}`]);
});

test('ask: the question names pod and budget; "force" goes on, and who said so is kept', async () => {
  const { outcome, sim, askedFor, log } = await answering({ policy: 'ask', minutes: 1 }, 'force');
  expect(outcome).toEqual({ kind: 'finished' });
  expect(askedFor).toMatchObject({ facts: { pod: 'shop/db-0', budget: 'shop/db-pdb' }, blockers: [{ pod: 'shop/db-0' }] });
  expect(log.steps().find(({ name }) => name.startsWith('ask a person'))?.result).toEqual({ end: 'forced', by: 'ann' });
  expect(sim.world.deeds.slice(0, 2)).toEqual(['power off', 'force db-0']);
});

test('ask: "keep" leaves the node in service and open again', async () => {
  const { outcome, sim, log } = await answering({ policy: 'ask', minutes: 1 }, 'keep');
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'drain_kept', facts: { by: 'ann' } } });
  expect(releaseFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', deeds: [], nodes: { [NODE]: { unschedulable: false } } });
});

test('ask: silence keeps the node, unless the request said that silence means force', async () => {
  const kept = await answering({ policy: 'ask', minutes: 1 });
  expect(kept.outcome).toMatchObject({ kind: 'failed', error: { code: 'step_deadline_passed' } });
  expect(kept.sim.world).toMatchObject({ power: 'on', deeds: [] });
  const forced = await answering({ policy: 'ask', minutes: 1, forceAfterMinutes: 30 });
  expect(forced.outcome).toEqual({ kind: 'finished' });
  expect(forced.sim.world.deeds.slice(0, 2)).toEqual(['power off', 'force db-0']);
});

test('ask: pods that leave by themselves end the question', async () => {
  const sim = serving({ pods: structuredClone(BLOCKED) });
  const { find } = sim.ports.answers;
  sim.ports.answers.find = (operation, question) => {
    for (const pod of sim.world.pods) delete pod.blockedBy;
    return find(operation, question);
  };
  const { outcome } = await drive(releaseServer, sim, { drain: { policy: 'ask', minutes: 1 } });
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds.slice(0, 2)).toEqual(['evict db-0', 'power off']);
});

test('a Node that came back with another uid is not touched, and nothing is switched off', async () => {
  const sim = serving({ nodes: { [NODE]: { uid: 'uid-2', ready: true, unschedulable: false, labels: {} } } });
  const { outcome, log } = await drive(releaseServer, sim, {});
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'node_replaced' } });
  expect(releaseFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', deeds: [], nodes: { [NODE]: { uid: 'uid-2', unschedulable: false } } });
});

test('a node that is not Ready is not drained: nobody there could confirm that a pod ended', async () => {
  const nodes = { [NODE]: { uid: 'uid-1', ready: false, unschedulable: false, labels: {} } };
  const sim = serving({ nodes, pods: [{ namespace: 'shop', name: 'db-0', blockedBy: 'shop/db-pdb' }] });
  const { outcome } = await drive(releaseServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds).toEqual(['power off', `delete node ${NODE}`, 'erase SSD-1', 'erase HDD-1', 'power off']);
});

const VOLUME = { volume: 'pvc-1', claim: 'shop/data-db-0', since: '2026-01-01T00:00:00Z' };

test('a volume that is still attached is named; under it no machine is switched off', async () => {
  const sim = serving({ volumes: [VOLUME] });
  const { outcome, waits, log } = await drive(releaseServer, sim, { drain: { policy: 'wait', minutes: 1 } });
  const wait = waits.find(({ code }) => code === 'volumes_attached');
  expect(wait).toMatchObject({
    facts: { volumes: 1, volume: 'pvc-1', claim: 'shop/data-db-0' },
    blockers: [{ volume: 'pvc-1' }],
  });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'step_deadline_passed' } });
  expect(releaseFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', deeds: ['evict web-1'], nodes: { [NODE]: { unschedulable: false } } });
});

test('volumes that are detached in time are no obstacle; by force one that is not is left behind', async () => {
  const sim = serving({ volumes: [VOLUME] });
  const { connectCluster } = sim.ports;
  let looks = 0;
  sim.ports.connectCluster = async (clusterId) => ({
    ...(await connectCluster(clusterId)),
    attachedVolumes: async () => (++looks < 5 ? [VOLUME] : []),
  });
  expect((await drive(releaseServer, sim, {})).outcome).toEqual({ kind: 'finished' });
  expect(looks).toBe(5);
  const forced = serving({ volumes: [VOLUME] });
  expect((await drive(releaseServer, forced, { drain: { policy: 'force', minutes: 1 } })).outcome).toEqual({ kind: 'finished' });
});

test('a node that does not answer is fenced with its volumes attached: nobody there could detach them', async () => {
  const nodes = { [NODE]: { uid: 'uid-1', ready: false, unschedulable: false, labels: {} } };
  const { outcome } = await drive(releaseServer, serving({ nodes, volumes: [VOLUME] }), {});
  expect(outcome).toEqual({ kind: 'finished' });
});

function etcdOn(names: string[], broken: string[] = []): World['controlPlane'] {
  return {
    etcd: names.map((name) => ({
      member: name,
      nodeName: name,
      ready: !broken.includes(name),
      createdAt: '2026-01-01T00:00:00Z',
      initialCluster: names,
    })),
    nodes: names.map((name) => ({ name, controlPlane: true, ready: true, leaving: false })),
  };
}

test('a control plane whose loss breaks etcd’s quorum is not even cordoned, unless the whole cluster goes', async () => {
  const sim = serving({ controlPlane: etcdOn([NODE, 'cp-2', 'cp-3'], ['cp-3']) });
  const { outcome, log } = await drive(releaseServer, sim, {});
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { code: 'etcd_quorum_at_risk', facts: { members: 3, quorum: 2, left: 1, notHealthy: 'cp-3' } },
  });
  expect(releaseFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', deeds: [], nodes: { [NODE]: { unschedulable: false } } });
  expect((await drive(releaseServer, sim, { controlPlane: 'ignore' })).outcome).toEqual({ kind: 'finished' });
});

test('a quorum that is lost while the pods leave keeps the node, and opens it again', async () => {
  const sim = serving({ controlPlane: etcdOn([NODE, 'cp-2', 'cp-3']) });
  const { connectCluster } = sim.ports;
  sim.ports.connectCluster = async (clusterId) => {
    const cluster = await connectCluster(clusterId);
    return {
      ...cluster,
      async drain(name) {
        sim.world.controlPlane = etcdOn([NODE, 'cp-2', 'cp-3'], ['cp-2']);
        return cluster.drain(name);
      },
    };
  };
  const { outcome, log } = await drive(releaseServer, sim, {});
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'etcd_quorum_at_risk' } });
  expect(releaseFailsBy(log.steps())).toBe('keep');
  expect(sim.world).toMatchObject({ power: 'on', nodes: { [NODE]: { unschedulable: false } } });
});

test('one of three healthy control planes is released', async () => {
  const sim = serving({ controlPlane: etcdOn([NODE, 'cp-2', 'cp-3']) });
  expect((await drive(releaseServer, sim, {})).outcome).toEqual({ kind: 'finished' });
});

test('a host without a cluster has nothing to leave', async () => {
  const sim = serving({ nodes: {}, pods: [] });
  sim.world.server.assignment!.clusterId = null;
  const { outcome } = await drive(releaseServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds).toEqual(['power off', 'erase SSD-1', 'erase HDD-1', 'power off']);
});

test('a Node deleted by hand is no obstacle', async () => {
  const sim = serving({ nodes: {} });
  const { outcome } = await drive(releaseServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds).toEqual(['power off', 'erase SSD-1', 'erase HDD-1', 'power off']);
});

test('once it left service a retry drains nothing and finds its Node by the label', async () => {
  const sim = serving({ power: 'off', pods: [{ namespace: 'shop', name: 'db-0', blockedBy: 'shop/db-pdb' }] });
  sim.world.server.assignment!.nodeUid = null;
  sim.world.nodes[NODE] = { uid: 'uid-1', ready: false, unschedulable: true, labels: { 'rackwright.dev/server-id': 'srv_1' } };
  const { outcome, log } = await drive(releaseServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.nodes).toEqual({});
  expect(releaseFailsBy(log.steps())).toBe('fail');
});

test('a release that was cancelled before its first step takes nothing away', () => {
  expect(releaseFailsBy([])).toBe('keep');
});

test('a Node whose machine was switched on again after its fence is not deleted, and stays closed to new pods', async () => {
  const sim = serving();
  const { connectCluster } = sim.ports;
  let answers = 0;
  sim.ports.connectCluster = async (clusterId) => {
    const cluster = await connectCluster(clusterId);
    return {
      ...cluster,
      deleteNode(name, uid, proof) {
        if (++answers > 1) return cluster.deleteNode(name, uid, proof);
        // While the cluster does not answer somebody presses the button.
        sim.world.power = 'on';
        return Promise.reject(new Fault({ code: 'kubernetes_unreachable', doing: 'delete the node', retry: 'later' }));
      },
    };
  };
  const { outcome, log } = await drive(releaseServer, sim, {});
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'fence_broken' } });
  expect(releaseFailsBy(log.steps())).toBe('fail');
  expect(sim.world.nodes[NODE]).toMatchObject({ uid: 'uid-1', unschedulable: true });
  expect(sim.world.deeds).toEqual(['evict web-1', 'power off']);
});

test('the ticket outlasts the erasing: without it the agent could not say that it is done', async () => {
  const sim = serving();
  const spinning = exampleInspection();
  spinning.disks[1] = { ...spinning.disks[1]!, sizeBytes: 18e12 };
  sim.world.server.hardware = spinning;
  let until = 0;
  const { open } = sim.ports.bootTickets;
  sim.ports.bootTickets.open = (server, operation, purpose, end) => {
    until = Math.max(until, Date.parse(end));
    return open(server, operation, purpose, end);
  };
  const { outcome, log } = await drive(releaseServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  const erasing = log.steps().find((step) => step.name === 'wait for the agent to erase the disks');
  expect(Date.parse(erasing?.deadlineAt ?? '') - Date.parse(erasing?.startedAt ?? '')).toBeGreaterThan(18e12 / 150e3);
  expect(until).toBeGreaterThan(Date.parse(erasing?.deadlineAt ?? ''));
});

test('what the agent says of an erasing that failed is recorded, and the server is not handed out', async () => {
  const sim = serving();
  const good = { method: 'overwrite_zero', sizeBytes: 10, readBack: 'zero', checkedBytes: 10, startedAt: '1', finishedAt: '2' };
  const disks = [
    { ...good, serial: 'SSD-1' },
    { ...good, serial: 'HDD-1', readBack: 'unreadable' },
  ];
  sim.ports.instructions.result = async () => ({
    outcome: 'failed',
    code: 'disk_io_error',
    detail: 'HDD-1',
    evidence: { disks },
  });
  const { outcome } = await drive(releaseServer, sim, {});
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'disk_io_error' } });
  expect(sim.world.erasures).toEqual(disks);
});

test('before it is handed to others the agent looks that a disk which was taken out is really gone', async () => {
  const out = (serial: string) => ({
    serial,
    method: 'physically_removed' as const,
    person: 'Chen Mei',
    witness: null,
    evidence: 'in the safe',
    at: '2026-01-01T00:00:00Z',
  });
  const removals = [out('SSD-1'), out('HDD-1')];
  const sim = serving({ removals, seenInspection: { ...exampleInspection(), disks: [] } });
  expect((await drive(releaseServer, sim, {})).outcome).toEqual({ kind: 'finished' });
  expect(sim.world).toMatchObject({ erasures: removals, power: 'off' });
  const there = serving({ removals });
  const { outcome } = await drive(releaseServer, there, {});
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'disk_still_attached' } });
  expect(there.world.erasures).toEqual([]);
});

test('a disk that nobody accepted may hold what its owner wrote: nothing is called erased', async () => {
  const seen = exampleInspection();
  const added = seen.disks.map((disk) => ({ ...disk, serial: `NEW-${disk.serial}` })).slice(0, 1);
  const sim = serving({ seenInspection: { ...seen, disks: [...seen.disks, ...added] } });
  const { outcome } = await drive(releaseServer, sim, {});
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { code: 'hardware_changed', facts: { differences: 'disk NEW-SSD-1 is new' } },
  });
  expect(sim.world.erasures).toEqual([]);
});

test('the order is evict, power off, delete Node, erase', async () => {
  const sim = serving();
  await drive(releaseServer, sim, {});
  expect(sim.world.deeds).toEqual(['evict web-1', 'power off', `delete node ${NODE}`, 'erase SSD-1', 'erase HDD-1', 'power off']);
});

await breakEveryStep('release', releaseServer, {
  params: {},
  start: () => serving(),
  finished(world) {
    expect(world.disks).toEqual({ 'SSD-1': 'zero', 'HDD-1': 'zero' });
    expect(world.erasures.map((e) => e.serial)).toEqual(['SSD-1', 'HDD-1']);
    expect(world).toMatchObject({ power: 'off', nodes: {}, tokens: {}, pods: [] });
    expect(world.server.assignment).toBeNull();
    expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
  },
  gaveUp(world) {
    expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
    const deletedAt = world.deeds.indexOf(`delete node ${NODE}`);
    if (deletedAt >= 0) expect(world.deeds.indexOf('power off')).toBeLessThan(deletedAt);
    // Either nothing was switched off and the node serves on, or the machine is off.
    // One that left service gets no new pods: the next release would pull the plug on them.
    const left = world.server.assignment?.nodeUid === null;
    if (world.power === 'on') expect(world.nodes[NODE]).toMatchObject({ ready: true, unschedulable: left });
  },
});
