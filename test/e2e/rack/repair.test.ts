// A dead DIMM, from outside: work order, the right machine, safe to pull, replaced, validated, back in service under the same Node.
import { setTimeout as pause } from 'node:timers/promises';
import { minutes } from '@rackwright/domain/durations.ts';
import { ApiProblem, type Json } from '@rackwright/rackwright-app/client/api-client.ts';
import { afterEach, expect, test } from 'vitest';
import { type SimulatedSite, startSimulatedSite } from './simulated-site.ts';

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

type Order = Json & {
  id: string;
  state: string;
  version: number;
  attempts: number;
  problem: { code: string } | null;
  led: { wanted: boolean; lit: boolean | null };
  safeToPull: { safe: boolean; because: string };
  server: { state: string };
};
const person = 'Chen Mei';
const SLOT = 'DIMM A2';

test('a dead DIMM: work order, replaced, validated, back in service', { timeout: minutes(5) }, async () => {
  // A Node whose kubelet is silent is given up within seconds, not after most of a minute.
  site = await startSimulatedSite(2, {
    kubernetes: { nodeGraceMs: 3_000 },
    rack: { machines: { kubelet: { heartbeatMs: 500 } } },
  });
  const { api, rack, kubernetes, onFile } = site;
  const { imageDigest, clusterId } = onFile;
  const [server] = onFile.servers;
  const machine = rack.servers.find(({ name }) => name === server?.name);
  const neighbour = rack.servers.find(({ name }) => name !== server?.name);
  if (!server || !machine || !neighbour) throw new Error('no servers');
  const { chassis } = machine;
  await api.operate(server.id, { type: 'onboard' }, { limitMs: minutes(1) });
  await api.operate(server.id, { type: 'provision', params: { imageDigest, clusterId } }, { limitMs: minutes(1) });
  const node = () =>
    kubernetes.objects('/nodes')[0] as { metadata: { uid: string }; spec?: { unschedulable?: boolean } } | undefined;
  const uid = node()?.metadata.uid;
  const disks = machine.machine.disks.map(({ content }) => content);

  machine.machine.parts.killModule(SLOT);
  const oldSerial = machine.spec.memory.find(({ slot }) => slot === SLOT)?.serial;
  const part = { kind: 'memory', slot: SLOT, oldSerial };
  const { id } = await api.post<Order>('/v1/work-orders', { serverId: server.id, cause: 'uncorrectable ECC', part });
  const see = () => api.get<Order>(`/v1/work-orders/${id}`);
  const act = async (action: string, body: Json) =>
    api.post<Order>(`/v1/work-orders/${id}/${action}`, body, (await see()).version);
  const until = (holds: (order: Order) => boolean) => untilOrder(see, holds);

  await act('assign', { assignee: person });
  await act('arrive', { person });
  await until(({ led }) => led.lit === true);
  expect(chassis.led()).toBe(true);

  // The neighbour's label: nothing happens to either machine.
  const wrong = act('verify', { person, scan: neighbour.serial });
  await expect(wrong).rejects.toMatchObject({
    code: 'wrong_machine_scanned',
    problem: { params: { scanned: neighbour.serial } },
  });
  await expect(act('drain', { person })).rejects.toBeInstanceOf(ApiProblem);
  expect(chassis.power()).toBe('on');

  await act('verify', { person, scan: machine.assetTag });
  await act('drain', { person });
  await until(({ safeToPull }) => safeToPull.safe);
  expect(chassis.power()).toBe('off');
  expect(node()).toMatchObject({ metadata: { uid }, spec: { unschedulable: true } });
  expect(await see()).toMatchObject({ state: 'safe', server: { state: 'in_repair' } });

  // Somebody presses the button: it is not safe any more, and is fenced anew.
  chassis.act('on');
  await until(({ safeToPull }) => safeToPull.because === 'power_on');
  await expect(act('start', { person })).rejects.toMatchObject({ code: 'not_safe_to_pull' });
  await act('drain', { person });
  await until(({ safeToPull }) => safeToPull.safe);

  // The first new module is counted, and fails when it is worked hard.
  await act('start', { person });
  machine.machine.parts.replaceModule(SLOT, 'NEW-1');
  machine.machine.parts.weakenModule(SLOT);
  await act('finish', { person, newPartSerials: ['NEW-1'] });
  const reopened = await until(({ state }) => state === 'open');
  expect(reopened).toMatchObject({ attempts: 1, problem: { code: 'burn_in_failed' }, server: { state: 'in_repair' } });
  expect(reopened['validation']).toMatchObject({
    tests: expect.arrayContaining([expect.objectContaining({ test: 'memory', passed: false })]),
  });
  expect(chassis.power()).toBe('off');
  await until(({ led }) => led.lit === false);

  await act('assign', { assignee: person });
  await act('arrive', { person });
  await act('verify', { person, scan: machine.serial });
  await act('drain', { person });
  await until(({ safeToPull }) => safeToPull.safe);
  await act('start', { person });
  machine.machine.parts.replaceModule(SLOT, 'NEW-2');
  await act('finish', { person, newPartSerials: ['NEW-2'], notes: 'the first one was bad as well' });
  const closed = await until(({ state }) => state === 'closed' || state === 'open');
  expect(closed).toMatchObject({ state: 'closed', outcome: 'repaired', problem: null, server: { state: 'in_service' } });

  expect(node()).toMatchObject({ metadata: { uid } });
  expect(node()?.spec?.unschedulable ?? false).toBe(false);
  const hardware = await api.get<{ accepted: { inspection: { memoryModules: { slot: string; serial: string }[] } } }>(
    `/v1/servers/${server.id}/hardware`,
  );
  expect(hardware.accepted.inspection.memoryModules.find(({ slot }) => slot === SLOT)?.serial).toBe('NEW-2');
  // Not a byte of any disk was touched, and the light is off.
  expect(machine.machine.disks.map(({ content }) => content)).toEqual(disks);
  await until(({ led }) => led.lit === false);
  expect(chassis.led()).toBe(false);
});

async function untilOrder(see: () => Promise<Order>, holds: (order: Order) => boolean): Promise<Order> {
  const end = Date.now() + minutes(1);
  for (;;) {
    const order = await see();
    if (holds(order)) return order;
    if (Date.now() > end) throw new Error(`it never came to that: ${JSON.stringify(order)}`);
    await pause(200);
  }
}

test('a dead disk: destroyed by a named person, and the server is retired with a certificate for each drive', {
  timeout: minutes(4),
}, async () => {
  site = await startSimulatedSite(4);
  const { api, rack, onFile } = site;
  // The one with three disks.
  const machine = rack.servers.find(({ spec }) => spec.disks.length > 1);
  const server = onFile.servers.find(({ name }) => name === machine?.name);
  const dead = machine?.spec.disks[1]?.serial;
  if (!server || !machine || dead === undefined) throw new Error('no server');
  await api.operate(server.id, { type: 'onboard' }, { limitMs: minutes(1) });
  machine.machine.parts.pullDisk(dead);

  await api.operate(server.id, { type: 'isolate' }, { limitMs: minutes(1) });
  const retire = { type: 'retire', params: { outcome: 'returned_to_vendor' } };
  const open = await api.post<Order>('/v1/work-orders', { serverId: server.id, cause: 'dead disk' });
  const removal = { serial: dead, method: 'destroyed', person, witness: 'Lin Hao', evidence: 'shredded, protocol 4711' };
  await api.post(`/v1/servers/${server.id}/disk-removals`, removal);
  await api.operate(server.id, retire, { limitMs: minutes(2) });

  expect(await api.get(`/v1/servers/${server.id}`)).toMatchObject({ state: 'retired', retiredAs: 'returned_to_vendor' });
  expect(await api.get(`/v1/work-orders/${open.id}`)).toMatchObject({ state: 'closed', outcome: 'returned_to_vendor' });
  for (const disk of machine.machine.disks) {
    expect(disk.content).toEqual({ kind: 'zero' });
    const erased = await api.get<Json>(`/v1/erasure-certificates/${disk.spec.serial}`);
    expect(erased['certificate']).toMatchObject({ erasure: { readBack: 'zero' } });
  }
  const { certificate } = await api.get<{ certificate: Json }>(`/v1/erasure-certificates/${dead}`);
  expect(certificate).toMatchObject({ removal: { method: 'destroyed', person, witness: 'Lin Hao' } });
  expect(certificate).not.toHaveProperty('erasure');
});
