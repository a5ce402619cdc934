// A dead DIMM in a server in service, over real sockets: found, named in a work order, and a spare serves in its place, by policy alone.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import type { OperationSeen } from '@rackwright/rackwright-app/client/api-client.ts';
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';
import { afterEach, expect, test } from 'vitest';
import { killOnce } from './kill-once.ts';
import { beginAll, type SimulatedSite, startSimulatedSite, untilAll } from './simulated-site.ts';
import { untilSeen } from './until-seen.ts';

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

type Remedy = { remedy: string; state: string; id: string | null };
type Health = { state: string; signals: { signal: string }[]; decision: { rung: string; remedies: Remedy[] } | null };
type Replacement = {
  state: string;
  done: boolean;
  spare: { id: string; name: string };
  spareOperationId: string | null;
  workOrderId: string | null;
  requestedBy: { principal: string };
  error: unknown;
};
type Page<T> = { items: T[] };
const SLOT = 'DIMM A2';

test('a dead DIMM: degraded, work order with its slot, a spare of the same rack takes over, the broken one is out', {
  timeout: minutes(8),
}, async () => {
  let happens: ((entry: JournalEntry) => void) | undefined;
  const on = await startSimulatedSite(3, {
    env: { RACKWRIGHT_HEALTH_SECONDS: '1' },
    rack: { journal: (entry) => happens?.(entry), machines: { kubelet: { heartbeatMs: seconds(1) } } },
    kubernetes: { nodeGraceMs: seconds(8), sweepEveryMs: 500 },
  });
  site = on;
  const { api, kubernetes, rack, onFile } = on;
  const { imageDigest, clusterId, servers } = onFile;
  await api.patch('/v1/health-policy', {
    ...{ settleSeconds: 3, domainWindowSeconds: 3, cooldownSeconds: 2, bootSeconds: 10, powerCyclesPerDay: 1 },
    escalation: { replace: 'automatic' },
  });
  await beginAll(on, { type: 'onboard' });
  await untilAll(on, 'available', minutes(2));
  const [broken] = servers;
  const machine = rack.servers.find(({ name }) => name === broken?.name);
  if (!broken || !machine) throw new Error('no server');
  await api.operate(broken.id, { type: 'provision', params: { imageDigest, clusterId } }, { limitMs: minutes(1) });
  const healthOf = (id: string) => api.get<Health>(`/v1/servers/${id}/health`);

  machine.machine.parts.killModule(SLOT);
  const lost = machine.spec.memory.find(({ slot }) => slot === SLOT)?.serial;
  // Killed while the spare is being installed: what was begun goes on, and nothing is begun twice.
  const kill = killOnce(on, 'the spare is written', minutes(5));
  happens = ({ what, server }) => what === 'disk' && server !== broken.name && kill.strike();
  // It hangs, and comes up no more: a power cycle does not help, and its BMC says why.
  rack.cutSwitch('r01', true);
  const healthOfBroken = () => healthOf(broken.id);
  await untilSeen('degraded', minutes(3), healthOfBroken, ({ state }) => state === 'degraded');
  expect((await healthOf(broken.id)).signals.map(({ signal }) => signal)).toContain('memory_uncorrectable');
  // The others hang on the same switch; only this one was in service.
  rack.cutSwitch('r01', false);
  const begunOf = ({ decision }: Health) => (decision?.remedies ?? []).filter(({ state }) => state === 'begun');
  const helped = await untilSeen('two remedies begun', minutes(3), healthOfBroken, (health) => begunOf(health).length >= 2);
  const begun = helped.decision?.remedies ?? [];
  expect(begun.map(({ remedy }) => remedy)).toEqual(['open_work_order', 'replace']);
  const path = `/v1/replacements/${begun[1]?.id}`;
  const diedAt = await kill.landed();
  const seen = await untilSeen(
    'the replacement is over',
    minutes(3),
    () => api.get<Replacement>(path),
    ({ done }) => done,
  );
  const { steps } = await api.get<OperationSeen>(`/v1/operations/${seen.spareOperationId}`);
  expect(steps.findLast(({ startedAt }) => startedAt < diedAt)?.name).toContain('write the image');
  const workOrderId = begun[0]?.id;
  expect(seen).toMatchObject({ state: 'succeeded', error: null, workOrderId, requestedBy: { principal: 'health policy' } });

  expect(await api.get(`/v1/servers/${seen.spare.id}`)).toMatchObject({ state: 'in_service', assignment: { clusterId } });
  expect(await api.get(`/v1/servers/${broken.id}`)).toMatchObject({ state: 'in_repair' });
  expect(machine.chassis.power()).toBe('off');
  expect(kubernetes.objects('/nodes').map(({ metadata }) => metadata.name)).toEqual([seen.spare.name]);
  expect((await api.get<Page<object>>(`/v1/work-orders?serverId=${broken.id}`)).items).toMatchObject([
    { id: workOrderId, state: 'open', part: { kind: 'memory', slot: SLOT, oldSerial: lost } },
  ]);
  expect((await api.get<Page<object>>('/v1/replacements')).items).toHaveLength(1);
});
