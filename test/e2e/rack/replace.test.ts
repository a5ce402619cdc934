// A broken server is replaced by a spare over real sockets: planned, installed, and only then the broken one goes; killed in the middle, too.
import { setTimeout as pause } from 'node:timers/promises';
import { minutes } from '@rackwright/domain/durations.ts';
import { afterEach, expect, test } from 'vitest';
import { beginAll, startSimulatedSite, untilAll, type SimulatedSite } from './simulated-site.ts';

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

type Named = { id: string; name: string };
type Seen = {
  id: string;
  state: string;
  done: boolean;
  spare: Named | null;
  waitingFor: { code: string } | null;
  error: { code: string } | null;
};
type Plan = { takesOut: boolean; choice: { chosen: Named | null; passedOver: (Named & { reason: string })[] } };

/** Three compute servers and one for storage; the compute server with IPMI, whose silence is noticed within seconds, is in service. */
async function siteWithSpares(): Promise<{
  on: SimulatedSite;
  broken: Named;
  machine: SimulatedSite['rack']['servers'][number];
}> {
  const on = await startSimulatedSite(4);
  site = on;
  const { imageDigest, clusterId, servers } = on.onFile;
  await beginAll(on, { type: 'onboard' });
  await untilAll(on, 'available', minutes(2));
  const machine = on.rack.servers.find(({ bmc, machine: { disks } }) => bmc.protocol === 'ipmi' && disks.length === 1);
  const broken = servers.find(({ name }) => name === machine?.name);
  if (!broken || !machine) throw new Error('no server');
  const params = { imageDigest, clusterId, nodeLabels: { pool: 'batch' } };
  await on.api.operate(broken.id, { type: 'provision', params }, { limitMs: minutes(1) });
  return { on, broken, machine };
}

test('spare first, and Rackwright is killed in every stage: the spare serves before the broken one is let go', {
  timeout: minutes(6),
}, async () => {
  const { on, broken, machine } = await siteWithSpares();
  const { api, kubernetes } = on;
  const path = `/v1/servers/${broken.id}/replacements`;
  const plan = await api.post<Plan>(`${path}?dryRun=true`, {});
  const storage = on.rack.servers.find(({ machine }) => machine.disks.length === 3)?.name;
  expect(plan.takesOut).toBe(true);
  expect(plan.choice.passedOver).toMatchObject([{ reason: 'name_comes_later' }, { name: storage, reason: 'other_model' }]);

  const { id } = await api.post<Seen>(path, { reason: 'dead DIMM' });
  const killedIn = new Set<string>();
  const nodes = (): string[] => kubernetes.objects('/nodes').map(({ metadata }) => metadata.name);
  let seen: Seen | undefined;
  while (!seen?.done) {
    await pause(100);
    seen = await api.get<Seen>(`/v1/replacements/${id}`).catch(() => undefined);
    if (!seen || seen.done) continue;
    if (seen.state === 'taking_in') expect(nodes()).toContain(broken.name);
    if (seen.state === 'taking_out') expect(nodes()).toContain(seen.spare?.name);
    if (killedIn.has(seen.state)) continue;
    killedIn.add(seen.state);
    await on.killAndRestart();
  }
  expect(seen).toMatchObject({ state: 'succeeded', spare: { id: plan.choice.chosen?.id }, error: null });
  expect([...killedIn]).toEqual(['taking_in', 'taking_out']);

  expect(await api.get(`/v1/servers/${broken.id}`)).toMatchObject({ state: 'available', assignment: null });
  const { clusterId, imageDigest } = on.onFile;
  expect(await api.get(`/v1/servers/${seen.spare?.id}`)).toMatchObject({
    state: 'in_service',
    assignment: { clusterId, imageDigest, nodeName: seen.spare?.name },
  });
  const [node, ...more] = kubernetes.objects('/nodes');
  expect(more).toEqual([]);
  expect(node?.metadata).toMatchObject({ name: seen.spare?.name, labels: { pool: 'batch' } });
  expect(machine.chassis.power()).toBe('off');
  for (const disk of machine.machine.disks) expect(disk).toMatchObject({ content: { kind: 'zero' } });
});

test('broken first: its machine is dead, a person confirms that it is off, and the spare comes after', {
  timeout: minutes(6),
}, async () => {
  const { on, broken, machine } = await siteWithSpares();
  const { api, kubernetes } = on;
  // The board is dead and its BMC with it: nothing proves that it is off but somebody who looks.
  machine.chassis.faults.add({ match: '.', drop: true });
  machine.chassis.act('off');
  const { id } = await api.post<Seen>(`/v1/servers/${broken.id}/replacements`, { order: 'broken_first' });
  let operationId: string | undefined;
  let seen: (Seen & { brokenOperationId: string | null }) | undefined;
  while (!seen?.done) {
    await pause(200);
    seen = await api.get<Seen & { brokenOperationId: string | null }>(`/v1/replacements/${id}`);
    if (seen.state === 'taking_out') expect(seen.spare).toBeNull();
    if (operationId !== undefined || seen.brokenOperationId === null) continue;
    const operation = await api.get<{ waitingFor: { code: string } | null }>(`/v1/operations/${seen.brokenOperationId}`);
    if (operation.waitingFor?.code !== 'fence_unproven') continue;
    operationId = seen.brokenOperationId;
    const said = { answer: 'confirm_power_off', person: 'Chen Mei', evidence: 'both cords pulled' };
    await api.post(`/v1/operations/${operationId}/answers`, said);
    // Repaired meanwhile: else the erasing would wait for its agent for half an hour.
    machine.chassis.faults.clear();
  }
  expect(operationId).toBeDefined();
  expect(seen).toMatchObject({ state: 'succeeded', error: null });
  expect(kubernetes.objects('/nodes').map(({ metadata }) => metadata.name)).toEqual([seen.spare?.name]);
  expect(await api.get(`/v1/servers/${seen.spare?.id}`)).toMatchObject({ state: 'in_service' });
});
