// A broken server is replaced by a spare over real sockets: planned, installed, and only then the broken one goes; killed in the middle, too.
import { minutes } from '@rackwright/domain/durations.ts';
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';
import { afterEach, expect, test } from 'vitest';
import { killOnce, spans } from './kill-once.ts';
import { beginAll, startSimulatedSite, untilAll, type SimulatedSite } from './simulated-site.ts';
import { untilSeen } from './until-seen.ts';

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
  spareOperationId: string | null;
  brokenOperationId: string | null;
  waitingFor: { code: string } | null;
  error: { code: string } | null;
};
type Plan = { takesOut: boolean; choice: { chosen: Named | null; passedOver: (Named & { reason: string })[] } };

/** Three compute servers and one for storage; the compute server with IPMI, whose silence is noticed within seconds, is in service. */
async function siteWithSpares(journal: (entry: JournalEntry) => void = () => undefined): Promise<{
  on: SimulatedSite;
  broken: Named;
  machine: SimulatedSite['rack']['servers'][number];
}> {
  const on = await startSimulatedSite(4, { rack: { journal } });
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
  let happens: ((entry: JournalEntry) => void) | undefined;
  const { on, broken, machine } = await siteWithSpares((entry) => happens?.(entry));
  const { api, kubernetes } = on;
  const path = `/v1/servers/${broken.id}/replacements`;
  const plan = await api.post<Plan>(`${path}?dryRun=true`, {});
  const storage = on.rack.servers.find(({ machine }) => machine.disks.length === 3)?.name;
  expect(plan.takesOut).toBe(true);
  expect(plan.choice.passedOver).toMatchObject([{ reason: 'name_comes_later' }, { name: storage, reason: 'other_model' }]);

  const { id } = await api.post<Seen>(path, { reason: 'dead DIMM' });
  const takingIn = killOnce(on, 'the spare is written', minutes(2));
  const takingOut = killOnce(on, 'the broken one is erased', minutes(3));
  happens = ({ what, server }) => what === 'disk' && (server === broken.name ? takingOut : takingIn).strike();
  const nodes = (): string[] => kubernetes.objects('/nodes').map(({ metadata }) => metadata.name);
  const without: string[] = [];
  const look = async (): Promise<Seen> => {
    const replacement = await api.get<Seen>(`/v1/replacements/${id}`);
    const { state, spare } = replacement;
    if (state !== 'taking_in' && state !== 'taking_out') return replacement;
    const serves = state === 'taking_in' ? broken.name : spare?.name;
    if (!nodes().some((name) => name === serves)) without.push(`${state} without ${serves}`);
    return replacement;
  };
  const [seen, ...deaths] = await Promise.all([
    untilSeen('the replacement is over', minutes(4), look, ({ done }) => done),
    takingIn.landed(),
    takingOut.landed(),
  ]);
  expect(without).toEqual([]);
  expect(seen).toMatchObject({ state: 'succeeded', spare: { id: plan.choice.chosen?.id }, error: null });
  // Begun before Rackwright died and ended after it: the one in the middle of installing, the other of erasing.
  for (const [n, operationId] of [seen.spareOperationId, seen.brokenOperationId].entries()) {
    const { createdAt, finishedAt } = await api.get<{ createdAt: string; finishedAt: string }>(`/v1/operations/${operationId}`);
    expect(spans(deaths[n] ?? '')({ from: createdAt, to: finishedAt }), `${createdAt} ${deaths[n]} ${finishedAt}`).toBe(true);
  }

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
  const look = () => api.get<Seen>(`/v1/replacements/${id}`);
  const begun = await untilSeen('it is taken out', minutes(1), look, ({ brokenOperationId }) => brokenOperationId !== null);
  expect(begun).toMatchObject({ state: 'taking_out', spare: null });
  const path = `/v1/operations/${begun.brokenOperationId}`;
  const fencing = () => api.get<Pick<Seen, 'waitingFor'>>(path);
  await untilSeen('fence_unproven', minutes(2), fencing, ({ waitingFor }) => waitingFor?.code === 'fence_unproven');
  expect(await look()).toMatchObject({ state: 'taking_out', spare: null });
  await api.post(`${path}/answers`, { answer: 'confirm_power_off', person: 'Chen Mei', evidence: 'both cords pulled' });
  // Repaired meanwhile: else the erasing would wait for its agent for half an hour.
  machine.chassis.faults.clear();
  const spares: string[] = [];
  const outThenIn = async (): Promise<Seen> => {
    const replacement = await look();
    if (replacement.state === 'taking_out' && replacement.spare) spares.push(replacement.spare.name);
    return replacement;
  };
  const seen = await untilSeen('the replacement is over', minutes(3), outThenIn, ({ done }) => done);
  expect(spares).toEqual([]);
  expect(seen).toMatchObject({ state: 'succeeded', error: null });
  expect(kubernetes.objects('/nodes').map(({ metadata }) => metadata.name)).toEqual([seen.spare?.name]);
  expect(await api.get(`/v1/servers/${seen.spare?.id}`)).toMatchObject({ state: 'in_service' });
});
