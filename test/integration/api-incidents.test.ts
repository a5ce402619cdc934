// Incidents over real HTTP and Postgres: opened once, also by many at a time, listed, acknowledged, closed, opened anew.
import { incidentKey, type NewIncident } from '@rackwright/domain/incidents.ts';
import { closeIncident, openIncident } from '@rackwright/store/incidents/open-incident.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { expect, test } from 'vitest';
import { type Json, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;

const incident = (rack: string, facts: NewIncident['facts'] = {}): NewIncident => {
  const scope = { kind: 'rack', id: rack, name: `name of ${rack}` } as const;
  return { kind: 'domain_incident', key: incidentKey('domain_incident', scope), scope, facts };
};
const open = (...of: Parameters<typeof incident>) => inTransaction(api.database, (tx) => openIncident(tx, incident(...of)));
const close = (rack: string) => inTransaction(api.database, (tx) => closeIncident(tx, incident(rack).key, 'all are back'));
const events = async (id: string) =>
  (await api.sql<{ kind: string }>('select kind from events where subject_id = $1 order by seq', [id])).map(({ kind }) => kind);
const listed = async (query = ''): Promise<string[]> =>
  (await call('GET', `/v1/incidents${query}`)).body.items.map((item: Json) => item.id);

test('however many find it at once, it is one incident and one event', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, (_, servers) => open('rck_A', { servers })));
  const ids = new Set(all.map(({ id }) => id));
  expect(ids.size).toBe(1);
  expect(all.filter(({ opened }) => opened)).toHaveLength(1);
  const id = [...ids][0] ?? '';
  expect(await events(id)).toEqual(['incident.opened']);

  await open('rck_A', { servers: 40 });
  const { body } = await call('GET', `/v1/incidents/${id}`);
  expect(body).toMatchObject({
    kind: 'incident',
    type: 'domain_incident',
    severity: 'critical',
    title: 'Many servers behind one thing failed together',
    scope: { kind: 'rack', id: 'rck_A', name: 'name of rck_A' },
    facts: { servers: 40 },
    acknowledged: null,
    closed: null,
  });
});

test('the first acknowledgement stands; closing tells once; the same reason later is another incident', async () => {
  const { id } = await open('rck_B');
  const path = `/v1/incidents/${id}/acknowledge`;
  expect((await call('POST', path, { note: 'on my way' })).body.acknowledged).toMatchObject({ by: 'local', note: 'on my way' });
  expect((await call('POST', path, { note: 'me too' })).body.acknowledged.note).toBe('on my way');
  expect(await Promise.all([close('rck_B'), close('rck_B')])).toEqual(expect.arrayContaining([true, false]));
  expect(await close('rck_B')).toBe(false);
  expect((await call('GET', `/v1/incidents/${id}`)).body.closed).toMatchObject({ because: 'all are back' });
  expect(await events(id)).toEqual(['incident.opened', 'incident.acknowledged', 'incident.closed']);

  const again = await open('rck_B');
  expect(again).toMatchObject({ opened: true });
  expect(again.id).not.toBe(id);
});

test('listed newest first, page by page, open ones unless asked', async () => {
  const { id: third } = await open('rck_C');
  await open('rck_D');
  await close('rck_D');
  const openOnes = await listed();
  expect(openOnes).toHaveLength(3);
  expect(openOnes[0]).toBe(third);
  expect(await listed('?scopeId=rck_C')).toEqual([third]);
  expect(await listed('?state=closed&scopeId=rck_D')).toHaveLength(1);
  expect(await listed('?state=any')).toHaveLength(5);
  expect(await listed('?type=node_without_server')).toEqual([]);

  const first = (await call('GET', '/v1/incidents?limit=2')).body;
  const second = (await call('GET', `/v1/incidents?limit=2&pageToken=${encodeURIComponent(first.nextPageToken)}`)).body;
  expect([...first.items, ...second.items].map((item: Json) => item.id)).toEqual(openOnes);
  expect(second.nextPageToken).toBeUndefined();
});

test('what does not exist is refused', async () => {
  expect((await call('GET', '/v1/incidents/inc_nonsense')).body.code).toBe('not_found');
  const missing = `inc_${'0'.repeat(26)}`;
  expect((await call('POST', `/v1/incidents/${missing}/acknowledge`, {})).body.code).toBe('not_found');
  expect((await call('GET', '/v1/incidents?state=whatever')).status).toBe(400);
});
