// What is forgotten with time, and what stays: runs' reports and items, password changes, incidents, bulk operations, cold starts.
import { randomUUID } from 'node:crypto';
import { incidentKey } from '@rackwright/domain/incidents.ts';
import { closeIncident, openIncident } from '@rackwright/store/incidents/open-incident.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { forgetOld } from '@rackwright/store/retention.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { expect, test } from 'vitest';
import type { Json } from './api-server.ts';
import { addServers, furnishAnother } from './bulk-world.ts';
import { useSchedules } from './schedule-world.ts';

const world = useSchedules();
const { api } = world;
const { call } = api;

const forget = () => forgetOld(api.database);
/** Ids of one table, in the order of `among`. */
async function left(table: string, among: readonly string[]): Promise<string[]> {
  const rows = await api.sql<{ id: string }>(`select id from ${table} where id = any($1)`, [among]);
  return among.filter((id) => rows.some((row) => row.id === id));
}
const YEAR = 365;

/** A run that left one server alone and did something with the other. */
async function runWithBoth(): Promise<Json> {
  const { id } = await world.schedule({ task: 'aged_states', params: { hours: 48 }, filter: 'name in (ret-old, ret-new)' });
  return world.ended(await world.runNow(id));
}

test('a report stands with its run, not in lists; who was left alone is forgotten after a week, what was done is not', async () => {
  const old = await world.server('ret-old', 'quarantined', null);
  await api.sql(`update servers set state_since = now() - interval '50 hours' where id = $1`, [old]);
  await world.server('ret-new', 'available', null);
  world.worker();
  const [aged, young] = [await runWithBoth(), await runWithBoth()];
  expect(aged.artefact).toMatchObject({ totals: { aged: 1 } });
  const [listed] = (await call('GET', `/v1/schedules/${aged.scheduleId}/runs`)).body.items;
  expect(listed).toEqual({ ...aged, artefact: null });

  const end = (run: Json, ago: string) =>
    api.sql(`update schedule_runs set ended_at = now() - $2::interval where id = $1`, [run.id, ago]);
  await end(aged, '7 days 1 minute');
  await end(young, '6 days 23 hours');
  await forget();
  const states = async (run: Json) => (await world.items(run)).map(({ subject, state }) => `${subject.name} ${state}`).toSorted();
  expect(await states(aged)).toEqual(['ret-old done']);
  expect(await states(young)).toEqual(['ret-new skipped', 'ret-old done']);
  expect((await call('GET', `/v1/schedules/${aged.scheduleId}/runs/${aged.id}`)).body.artefact).toEqual(aged.artefact);
});

test('the picks of a run that has not ended are kept, however long it takes', async () => {
  const { id } = await world.schedule({});
  const run = await world.runNow(id);
  await api.sql(`update schedule_runs set created_at = now() - interval '30 days' where id = $1`, [run.id]);
  await api.sql(
    `insert into schedule_run_items (run_id, position, subject_kind, subject_id, subject_name, state, reason, updated_at)
     values ($1, 0, 'server', 'srv_x', 'x', 'skipped', 'too_recent', now() - interval '30 days')`,
    [run.id],
  );
  await forget();
  expect(await world.items(run)).toMatchObject([{ state: 'skipped' }]);
});

test('password changes that changed nothing are forgotten after a week; those that did tell when it was last changed', async () => {
  const serverId = await world.server('ret-pw', 'available', null);
  const change = async (state: string, ago: string | null): Promise<string> => {
    const id = newId('operation');
    await api.sql(
      `insert into bmc_password_changes (id, server_id, holder, username, state, began_at, ended_at, credentials_key_id, credentials_nonce, credentials_sealed)
       select $1, $2, 'run', 'root', $3, now() - interval '30 days', now() - $4::interval, k, n, n
         from (select case when $3 in ('staged', 'in_doubt') then 'test' end as k, case when $3 in ('staged', 'in_doubt') then '\\x00'::bytea end as n) sealed`,
      [id, serverId, state, ago],
    );
    return id;
  };
  const [unchanged, lately, done, doubt] = [
    await change('unchanged', '7 days 1 minute'),
    await change('unchanged', '6 days 23 hours'),
    await change('done', '400 days'),
    await change('in_doubt', '400 days'),
  ];
  await forget();
  expect(await left('bmc_password_changes', [unchanged, lately, done, doubt])).toEqual([lately, done, doubt]);
});

test('an incident is forgotten a year after it was closed; one that is open never', async () => {
  const incident = async (name: string, closedDaysAgo: number | null): Promise<string> => {
    const scope = { kind: 'rack', id: name, name } as const;
    const key = incidentKey('domain_incident', scope);
    const { id } = await inTransaction(api.database, (tx) =>
      openIncident(tx, { kind: 'domain_incident', key, scope, facts: {} }),
    );
    if (closedDaysAgo !== null) await inTransaction(api.database, (tx) => closeIncident(tx, key, 'all are back'));
    await api.sql(
      `update incidents set opened_at = now() - interval '800 days', closed_at = now() - make_interval(days => $2) where id = $1`,
      [id, closedDaysAgo],
    );
    return id;
  };
  const [gone, young, open] = [
    await incident('rck_A', YEAR + 1),
    await incident('rck_B', YEAR - 1),
    await incident('rck_C', null),
  ];
  await forget();
  expect(await left('incidents', [gone, young, open])).toEqual([young, open]);
});

test('a bulk operation is forgotten with its items and its plan a year after it finished; one that runs never', async () => {
  const place = await furnishAnother(call);
  const servers = await addServers(call, place, { count: 3, prefix: 'RET' });
  const bulk = async (serverId: string, finishedDaysAgo: number | null): Promise<{ id: string; planId: string }> => {
    const plan = await call('POST', '/v1/plans', { operation: { type: 'onboard' }, servers: { ids: [serverId] } });
    const made = await call('POST', `/v1/plans/${plan.body.id}/executions`, {}, { 'idempotency-key': randomUUID() });
    expect(made.status, JSON.stringify(made.body)).toBe(202);
    await api.sql(
      `update bulk_operations set created_at = now() - interval '800 days', finished_at = now() - make_interval(days => $2),
              state = case when $2::int is null then 'running' else 'finished' end where id = $1`,
      [made.body.id, finishedDaysAgo],
    );
    await api.sql(`update plans set expires_at = now() - interval '800 days' where id = $1`, [plan.body.id]);
    return { id: made.body.id, planId: plan.body.id };
  };
  const [gone, young, running] = [
    await bulk(servers[0] ?? '', YEAR + 1),
    await bulk(servers[1] ?? '', YEAR - 1),
    await bulk(servers[2] ?? '', null),
  ];
  const all = [gone, young, running];
  const ids = all.map(({ id }) => id);
  await forget();
  expect(await left('bulk_operations', ids)).toEqual([young.id, running.id]);
  expect(
    await left(
      'plans',
      all.map(({ planId }) => planId),
    ),
  ).toEqual([young.planId, running.planId]);
  expect(await api.sql('select distinct bulk_id as id from bulk_items where bulk_id = any($1)', [ids])).toHaveLength(2);
});

test('a cold start is forgotten a year after it finished; one that runs or was paused never', async () => {
  const { siteId } = await furnishAnother(call);
  const coldStart = async (state: string, finishedDaysAgo: number | null): Promise<string> => {
    const id = newId('cold_start');
    await api.sql(
      `insert into cold_starts (id, site_id, state, plan, requested_by, created_at, finished_at)
       values ($1, $2, $3, '{}', 'ann', now() - interval '800 days', now() - make_interval(days => $4))`,
      [id, siteId, state, finishedDaysAgo],
    );
    return id;
  };
  const gone = await coldStart('succeeded', YEAR + 1);
  const kept = [await coldStart('failed', YEAR - 1), await coldStart('paused', null)];
  await forget();
  expect(await left('cold_starts', [gone, ...kept])).toEqual(kept);
});
