// A dead DIMM in a server in service, over real sockets: found, named in a work order, and a spare serves in its place, by policy alone.
import { setTimeout as pause } from 'node:timers/promises';
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { afterEach, expect, test } from 'vitest';
import { beginAll, type SimulatedSite, startSimulatedSite, untilAll } from './simulated-site.ts';

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
  workOrderId: string | null;
  requestedBy: { principal: string };
  error: unknown;
};
type Page<T> = { items: T[] };
const SLOT = 'DIMM A2';

test('a dead DIMM: degraded, work order with its slot, a spare of the same rack takes over, the broken one is out', {
  timeout: minutes(8),
}, async () => {
  const on = await startSimulatedSite(3, {
    env: { RACKWRIGHT_HEALTH_SECONDS: '1' },
    rack: { machines: { kubelet: { heartbeatMs: seconds(1) } } },
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
  // It hangs, and comes up no more: a power cycle does not help, and its BMC says why.
  rack.cutSwitch('r01', true);
  await until(async () => (await healthOf(broken.id)).state === 'degraded');
  expect((await healthOf(broken.id)).signals.map(({ signal }) => signal)).toContain('memory_uncorrectable');
  // The others hang on the same switch; only this one was in service.
  rack.cutSwitch('r01', false);
  let begun: Remedy[] = [];
  while (begun.filter(({ state }) => state === 'begun').length < 2) {
    await pause(200);
    begun = (await healthOf(broken.id)).decision?.remedies ?? [];
  }
  expect(begun.map(({ remedy }) => remedy)).toEqual(['open_work_order', 'replace']);
  const path = `/v1/replacements/${begun[1]?.id}`;
  let seen = await api.get<Replacement>(path);
  // Killed while the spare is being installed: what was begun goes on, and nothing is begun twice.
  await on.killAndRestart();
  while (!seen.done) {
    await pause(200);
    seen = await api.get<Replacement>(path).catch(() => seen);
  }
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

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + minutes(3);
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it never came to that');
    await pause(200);
  }
}
