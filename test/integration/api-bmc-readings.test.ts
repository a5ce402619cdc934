// What operators see of the sweep, over real HTTP: last readings, since when a BMC is silent, and what would close its circuit.
import { lookAtAllNow } from '@rackwright/store/bmc-sweep/sweep-shares.ts';
import { composeBmcs } from '@rackwright/worker-app/compose-bmcs.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Json, TEST_KEYRING, useApi } from './api-server.ts';
import { type Fleet, putOnFile, startFleet } from './bmc-fleet.ts';

const api = useApi();
let fleet: Fleet;
let ids: string[];

beforeAll(async () => {
  fleet = await startFleet(4, (n) => (n === 2 ? 'forbidding' : n === 0 ? 'refusing' : 'well'));
  fleet.bmcs[1]?.chassis?.logEvent('critical', 'PSU 2: lost');
  ids = await putOnFile(api.database, TEST_KEYRING, fleet.bmcs);
  const silence = { info: () => {}, warn: () => {}, error: () => {} };
  const needs = { database: api.database, keyring: TEST_KEYRING, log: silence, runner: 'worker' };
  const bmcs = composeBmcs({ sweep: { living: 4, silent: 4 } }, needs);
  const reading = async (n: number): Promise<Json> => (await api.call('GET', `/v1/servers/${ids[n]}/bmc-reading`)).body;
  try {
    await vi.waitFor(
      async () => {
        await lookAtAllNow(api.database);
        expect((await reading(0)).circuit.state).toBe('open');
        expect((await reading(2)).circuit.state).toBe('refused');
        for (const n of [1, 3]) expect((await reading(n)).power).toBe('on');
      },
      { timeout: 30_000, interval: 200 },
    );
  } finally {
    await bmcs.close();
  }
});
afterAll(() => fleet.close());

test('a BMC that answers shows what it said, and what its log held of note', async () => {
  const { status, body } = await api.call('GET', `/v1/servers/name:fleet-00001/bmc-reading`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    kind: 'bmc_reading',
    serverId: ids[1],
    tier: 'serving',
    power: 'on',
    health: 'ok',
    unreachableSince: null,
    circuit: { state: 'closed', failures: 0, retryAt: null, closedBy: null },
    lastError: null,
    notable: [{ severity: 'critical', historic: true }],
  });
  expect(Date.parse(body.nextLookAt)).toBeGreaterThan(Date.parse(body.seenAt));
});

test('a silent one says since when and when it is asked again; a refusing one says what it wants', async () => {
  const silent = (await api.call('GET', `/v1/servers/${ids[0]}/bmc-reading`)).body;
  expect(silent).toMatchObject({
    power: null,
    seenAt: null,
    circuit: { state: 'open', closedBy: 'its_next_answer' },
    lastError: { code: 'bmc_unreachable' },
  });
  expect(Date.parse(silent.circuit.retryAt)).toBeGreaterThan(Date.parse(silent.unreachableSince));
  const refused = (await api.call('GET', `/v1/servers/${ids[2]}/bmc-reading`)).body;
  expect(refused).toMatchObject({
    nextLookAt: null,
    circuit: { state: 'refused', closedBy: 'new_credentials_or_address' },
    lastError: { code: 'bmc_auth_failed' },
  });
  expect(api.log()).not.toContain('mistyped');
});

test('the list is filtered and paged by name', async () => {
  const names = async (query: string): Promise<string[]> =>
    (await api.call('GET', `/v1/bmc-readings${query}`)).body.items.map(({ serverName }: Json) => serverName);
  expect(await names('?circuit=open')).toEqual(['fleet-00000']);
  expect(await names('?circuit=refused')).toEqual(['fleet-00002']);
  expect(await names('?power=on&health=ok')).toEqual(['fleet-00001', 'fleet-00003']);
  const first = (await api.call('GET', '/v1/bmc-readings?limit=3')).body;
  expect(first.items).toHaveLength(3);
  expect(await names(`?limit=3&pageToken=${encodeURIComponent(first.nextPageToken)}`)).toEqual(['fleet-00003']);
  expect((await api.call('GET', '/v1/bmc-readings?circuit=ajar')).status).toBe(400);
  expect((await api.call('GET', '/v1/servers/name:nobody/bmc-reading')).status).toBe(404);
});

test('a server that nobody sweeps has an empty reading', async () => {
  await api.sql(`update servers set state = 'retired' where id = $1`, [ids[3]]);
  await api.sql('delete from bmc_readings where server_id = $1', [ids[3]]);
  const { body } = await api.call('GET', `/v1/servers/${ids[3]}/bmc-reading`);
  expect(body).toMatchObject({
    tier: 'none',
    power: null,
    seenAt: null,
    nextLookAt: null,
    notable: [],
    circuit: { state: 'closed' },
  });
});
