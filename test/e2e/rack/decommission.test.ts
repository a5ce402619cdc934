// A schedule takes servers out for good over real sockets: one that serves is released, then retired; one that is free is retired.
import { minutes } from '@rackwright/domain/durations.ts';
import { afterEach, expect, test } from 'vitest';
import { startSimulatedSite, type SimulatedSite } from './simulated-site.ts';
import { untilSeen } from './until-seen.ts';

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

type Run = { id: string; endedAt: string | null; state: string; items: object };
type Item = { subject: { name: string }; state: string; operationId: string | null; result: object | null };

test('an inspection counts again, a decommission list releases and retires, and each run says what it did', {
  timeout: minutes(5),
}, async () => {
  site = await startSimulatedSite(2);
  const { api, rack } = site;
  const { imageDigest, clusterId, servers } = site.onFile;
  const [serving, free] = servers;
  if (!serving || !free) throw new Error('two servers are needed');
  for (const { id } of servers) await api.operate(id, { type: 'onboard' }, { limitMs: minutes(1) });
  await api.operate(serving.id, { type: 'provision', params: { imageDigest, clusterId } }, { limitMs: minutes(1) });

  const runOf = async (body: object): Promise<{ run: Run; items: Item[] }> => {
    const schedule = await api.post<{ id: string }>('/v1/schedules', { cron: '0 3 1 1 *', timeZone: 'Europe/Berlin', ...body });
    const { id } = await api.post<Run>(`/v1/schedules/${schedule.id}/runs`, { reason: 'test' });
    const path = `/v1/schedules/${schedule.id}/runs/${id}`;
    const run = await untilSeen(
      'the run is over',
      minutes(3),
      () => api.get<Run>(path),
      ({ endedAt }) => endedAt !== null,
    );
    return { run, items: (await api.get<{ items: Item[] }>(`${path}/items`)).items };
  };
  const inspected = await runOf({ name: 'count', task: 'inspection', params: { notWithinHours: 0 } });
  expect(inspected.run).toMatchObject({ state: 'succeeded', items: { picked: 2, done: 2 } });
  expect(inspected.items.find(({ subject }) => subject.name === serving.name)).toMatchObject({
    operationId: null,
    result: { how: 'bmc' },
  });
  expect(inspected.items.find(({ subject }) => subject.name === free.name)).toMatchObject({ result: { finding: 'inspected' } });

  const filter = `name in (${serving.name}, ${free.name})`;
  const gone = await runOf({ name: 'out', task: 'decommission', params: { outcome: 'scrapped' }, filter });
  expect(gone.run).toMatchObject({ state: 'succeeded', items: { picked: 2, done: 2 } });
  for (const { result } of gone.items) expect(result).toEqual({ finding: 'retired', outcome: 'scrapped' });
  for (const { id, name } of servers) {
    expect(await api.get(`/v1/servers/${id}`)).toMatchObject({ state: 'retired', retiredAs: 'scrapped' });
    const disks = rack.servers.find((one) => one.name === name)?.machine.disks ?? [];
    expect(disks.length, name).toBeGreaterThan(0);
    for (const disk of disks) expect(disk, name).toMatchObject({ content: { kind: 'zero' } });
  }
});
