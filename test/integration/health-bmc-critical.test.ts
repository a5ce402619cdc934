// A BMC that counts its machine as critical, from its socket to the API and back: the signal comes and goes by itself, and so does the incident.
import { NEVER_SEEN } from '@rackwright/domain/bmc-sweep/reading.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { recordLooks } from '@rackwright/store/bmc-sweep/record-looks.ts';
import { lookAtAllNow } from '@rackwright/store/bmc-sweep/sweep-shares.ts';
import { actOnDecisions } from '@rackwright/store/health/act-on-decisions.ts';
import { leadHealth } from '@rackwright/store/health/health-policy.ts';
import { readHealthView } from '@rackwright/store/health/read-health-view.ts';
import type { SimulatedChassis } from '@rackwright/virtual-rack-app/chassis.ts';
import { type Bmcs, composeBmcs } from '@rackwright/worker-app/compose-bmcs.ts';
import { bmcSights } from '@rackwright/worker-app/health/bmc-sights.ts';
import { healthRound } from '@rackwright/worker-app/health/health-round.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Json, TEST_KEYRING, useApi } from './api-server.ts';
import { type Fleet, putOnFile, startFleet } from './bmc-fleet.ts';

/** For a machine that is busy with other things: nothing here is measured. */
vi.setConfig({ testTimeout: 240_000 });

const api = useApi();
const { call } = api;
const log = { info: () => {}, warn: () => {}, error: () => {} };
let fleet: Fleet;
let bmcs: Bmcs;
let ids: ServerId[];
/** The first speaks Redfish, the other one IPMI. */
const [REDFISH, IPMI] = [0, 1];

beforeAll(async () => {
  fleet = await startFleet(2, () => 'well');
  ids = await putOnFile(api.database, TEST_KEYRING, fleet.bmcs);
  bmcs = composeBmcs(
    { sweep: { living: 4, silent: 4 } },
    { database: api.database, keyring: TEST_KEYRING, log, runner: 'worker-1' },
  );
});
afterAll(async () => {
  await bmcs?.close();
  await fleet?.close();
});

const chassis = (n: number): SimulatedChassis => {
  const found = fleet.bmcs[n]?.chassis;
  if (!found) throw new Error('no chassis');
  return found;
};
const get = async (path: string): Promise<Json> => (await call('GET', path)).body;
const healthOf = (n: number): Promise<Json> => get(`/v1/servers/${ids[n]}/health`);
const signalsOf = async (n: number): Promise<Json[]> => (await healthOf(n)).signals;
const openIncidents = async (): Promise<Json[]> => (await get('/v1/incidents')).items;
async function settleFor(settleSeconds: number): Promise<void> {
  const policy = { settleSeconds, domainWindowSeconds: 0, cooldownSeconds: 0 };
  expect((await call('PATCH', '/v1/health-policy', policy, { 'if-match': '*' })).status).toBe(200);
}

/** Looks again and again until the reading on file is like that. */
const seen = (n: number, reading: object): Promise<void> =>
  vi.waitFor(
    async () => {
      await lookAtAllNow(api.database);
      expect(await get(`/v1/servers/${ids[n]}/bmc-reading`)).toMatchObject(reading);
    },
    { timeout: 90_000, interval: 100 },
  );

async function round(): Promise<void> {
  await healthRound({
    store: {
      lead: (forMs) => leadHealth(api.database, 'w1', forMs),
      view: () => readHealthView(api.database),
      act: (acts) => actOnDecisions(api.database, 'w1', acts),
    },
    bmcs: bmcSights({ now: () => Date.now(), power: () => Promise.resolve(), log: { warn: () => undefined } }),
    wakeUp: async (id) => void api.woken.push(id),
    log,
  });
}

const CRITICAL = { signal: 'bmc_critical', source: 'bmc', lasts: 'temporary', firstRung: 'person' };

test('over Redfish and IPMI: raised by itself, told to a person once it stood, cleared and closed by itself', async () => {
  for (const n of [REDFISH, IPMI]) {
    await seen(n, { health: 'ok' });
    expect(await signalsOf(n)).toEqual([]);
    chassis(n).mood.health = 'critical';
    await seen(n, { health: 'critical' });
    expect(await signalsOf(n)).toMatchObject([CRITICAL]);
  }
  await settleFor(3_600);
  await round();
  expect((await healthOf(REDFISH)).decision).toMatchObject({ do: 'nothing', because: 'settling' });
  expect(await openIncidents()).toEqual([]);
  await settleFor(0);
  await round();
  const told = await openIncidents();
  const words = told.map(({ type, scope, facts }) => `${type} ${scope.id} ${facts.because}`);
  expect(words).toHaveLength(2);
  expect(new Set(words)).toEqual(new Set(ids.map((id) => `needs_person ${id} bmc_says_critical`)));

  // No news: neither better nor worse, and its time goes on.
  const standing = await signalsOf(REDFISH);
  chassis(REDFISH).mood.health = 'unknown';
  await seen(REDFISH, { health: 'unknown' });
  expect(await signalsOf(REDFISH)).toEqual(standing);
  const dead = chassis(REDFISH).faults.add({ match: '.', drop: true });
  await seen(REDFISH, { lastError: { code: 'bmc_unreachable' } });
  expect(await signalsOf(REDFISH)).toEqual(standing);
  chassis(REDFISH).faults.remove(dead);
  await round();
  expect((await openIncidents()).map(({ id }) => id)).toEqual(told.map(({ id }) => id));

  // Better is not critical any more, also when it is not well.
  chassis(REDFISH).mood.health = 'warning';
  await seen(REDFISH, { health: 'warning' });
  chassis(IPMI).mood.health = 'ok';
  await seen(IPMI, { health: 'ok' });
  for (const n of [REDFISH, IPMI]) expect(await signalsOf(n)).toEqual([]);
  await round();
  expect(await openIncidents()).toEqual([]);
  expect(api.woken).toEqual([]);
  const events = await api.sql<{ kind: string }>(
    `select kind, payload->>'signal' as signal from events where server_id = $1 and kind like 'server.signal%' order by seq`,
    [ids[REDFISH]],
  );
  expect(events).toEqual([
    { kind: 'server.signal_raised', signal: 'bmc_critical' },
    { kind: 'server.signal_cleared', signal: 'bmc_critical' },
  ]);
});

test('cleared by a person while it still holds: the next look raises it again', async () => {
  chassis(IPMI).mood.health = 'critical';
  await seen(IPMI, { health: 'critical' });
  const [first] = await signalsOf(IPMI);
  expect((await call('DELETE', `/v1/servers/${ids[IPMI]}/health/findings`)).status).toBe(204);
  await vi.waitFor(
    async () => {
      await lookAtAllNow(api.database);
      const [again] = await signalsOf(IPMI);
      expect(again).toMatchObject(CRITICAL);
      expect(again.since).not.toBe(first.since);
    },
    { timeout: 90_000, interval: 100 },
  );
});

test('a look that ends after its server was retired raises nothing: nobody would look again', async () => {
  const endpoint = { protocol: 'redfish', address: 'http://127.200.99.1:9' } as const;
  const late = fleet.bmcs.slice(0, 1).map((one) => ({ ...one, serial: 'RETIRED-1', endpoint }));
  const [id] = await putOnFile(api.database, TEST_KEYRING, late, 'registered');
  if (!id) throw new Error('not on file');
  const look = {
    serverId: id,
    reading: { ...NEVER_SEEN, health: 'critical', seenAt: 1 },
    change: {},
    dueAt: null,
    refusedMark: null,
  } as const;
  const lookedBy = async (worker: string) => {
    // In a state in which the sweep of this test leaves it alone.
    await api.sql(
      `insert into bmc_readings (server_id, spread, due_at, asked_by, asked_until) values ($1, 0, 'infinity', $2, 'infinity')
       on conflict (server_id) do update set asked_by = $2, asked_until = 'infinity'`,
      [id, worker],
    );
    await recordLooks(api.database, worker, [look]);
    return api.sql('select signal from health_signals where server_id = $1', [id]);
  };
  expect(await lookedBy('w8')).toEqual([{ signal: 'bmc_critical' }]);
  await api.sql(`update servers set state = 'retired', retired_as = 'scrapped' where id = $1`, [id]);
  await api.sql('delete from health_signals where server_id = $1', [id]);
  expect(await lookedBy('w9')).toEqual([]);
});
