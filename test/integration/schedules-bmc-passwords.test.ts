// New passwords for BMCs against simulated ones: proven before they are on file, and known again after a death at any line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bmcConnector } from '@rackwright/bmc/connect-bmc.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { readFiledCredentials } from '@rackwright/store/secrets/stored-secrets.ts';
import { bmcPasswords } from '@rackwright/worker-app/schedules/bmc-passwords.ts';
import { changeBmcPassword } from '@rackwright/workflows/schedule-tasks/change-bmc-password.ts';
import type { BmcPasswords } from '@rackwright/workflows/schedule-tasks/needs.ts';
import { expect, test } from 'vitest';
import { TEST_KEYRING } from './api-server.ts';
import { eventually, FIRST_PASSWORD, type SimulatedBmc, useSchedules } from './schedule-world.ts';

const world = useSchedules();
const { api } = world;
const { call } = api;
const ROTATION = { task: 'bmc_password_rotation', params: { olderThanDays: 0 } };

const onFile = async (id: string): Promise<string> =>
  (await readFiledCredentials(api.database, TEST_KEYRING, id as ServerId)).credentials.password;
const loginWith = (bmc: SimulatedBmc, password: string): Promise<number> =>
  fetch(`${bmc.server.url}/redfish/v1/Systems`, { headers: { authorization: `Basic ${btoa(`root:${password}`)}` } }).then(
    ({ status }) => status,
  );
const stateOf = async (id: string): Promise<string[]> =>
  (await api.sql<{ state: string }>('select state from bmc_password_changes where server_id = $1 order by began_at', [id])).map(
    ({ state }) => state,
  );

let numbered = 0;
async function serverWithBmc(state = 'available'): Promise<{ id: string; name: string; bmc: SimulatedBmc }> {
  const name = `pw-${++numbered}`;
  const bmc = await world.bmc(`SN-${name}`, 'off');
  return { id: await world.server(name, state, bmc.server), name, bmc };
}

test('the new password works and is on file, the old one is refused, and whoever was logged in with it is logged out', async () => {
  const { id, name, bmc } = await serverWithBmc('in_service');
  const login = { method: 'POST', body: JSON.stringify({ UserName: 'root', Password: FIRST_PASSWORD }) };
  const stranger = await fetch(`${bmc.server.url}/redfish/v1/SessionService/Sessions`, {
    ...login,
    headers: { 'content-type': 'application/json' },
  });
  const token = stranger.headers.get('x-auth-token') ?? '';
  world.worker();
  const run = await world.ended(await world.runNow((await world.schedule({ ...ROTATION, filter: `name=${name}` })).id));
  expect(run).toMatchObject({ state: 'succeeded', items: { picked: 1, done: 1 }, artefact: { totals: { changed: 1 } } });
  expect(await world.items(run)).toMatchObject([{ result: { finding: 'changed', sessionsEnded: 1 } }]);

  const fresh = await onFile(id);
  expect(fresh).toMatch(/^[A-Z][a-z][0-9][-_.][A-Za-z0-9]{12}$/);
  expect(await Promise.all([loginWith(bmc, fresh), loginWith(bmc, FIRST_PASSWORD)])).toEqual([200, 401]);
  expect((await fetch(`${bmc.server.url}/redfish/v1/Systems`, { headers: { 'x-auth-token': token } })).status).toBe(401);
  expect([bmc.server.sessions(), await stateOf(id)]).toEqual([0, ['done']]);
  expect(await api.sql('select 1 from server_leases where server_id = $1', [id])).toEqual([]);
  expect(
    await api.sql('select 1 from bmc_password_changes where server_id = $1 and credentials_sealed is not null', [id]),
  ).toEqual([]);
  await nowhereElse(fresh);
});

/** Not in what was logged, told, stored or shown. */
async function nowhereElse(password: string): Promise<void> {
  const told = [api.log(), ...world.log];
  for (const table of ['events', 'schedule_runs', 'schedule_run_items', 'bmc_password_changes', 'server_leases', 'incidents']) {
    told.push(JSON.stringify(await api.sql(`select t::text from ${table} t`)));
  }
  expect(told.filter((text) => text.includes(password))).toEqual([]);
}

test('the next rotation leaves alone what is young enough, what has no BMC and what an operation works on', async () => {
  const { name, id } = await serverWithBmc();
  await world.server('pw-none', 'available', null);
  world.worker();
  const filter = `name in (${name}, pw-none)`;
  await world.ended(await world.runNow((await world.schedule({ ...ROTATION, filter })).id));
  const first = await onFile(id);
  const run = await world.ended(await world.runNow((await world.schedule({ task: 'bmc_password_rotation', filter })).id));
  const reasons = (await world.items(run)).map(({ subject, reason }) => `${subject.name} ${reason.code}`);
  expect(reasons.toSorted()).toEqual([`${name} too_recent`, 'pw-none no_bmc'].toSorted());
  expect(await onFile(id)).toBe(first);
});

test.each([
  ['says yes and does nothing', { match: 'Accounts/1', lie: true, count: 1 }, 'bmc_write_unverified', 1],
  ['says no', { match: 'Accounts/1$', status: 400 }, 'bmc_protocol_error', 0],
])('a BMC that %s keeps its old password, on file too', async (_, fault, code, refusals) => {
  const { id, name, bmc } = await serverWithBmc();
  bmc.chassis.faults.add(fault);
  world.worker();
  const run = await world.ended(await world.runNow((await world.schedule({ ...ROTATION, filter: `name=${name}` })).id));
  expect(run).toMatchObject({ state: 'failed', items: { failed: 1 } });
  expect(await world.items(run)).toMatchObject([{ error: { code } }]);
  expect([await onFile(id), bmc.account.password(), bmc.account.refusals()]).toEqual([FIRST_PASSWORD, FIRST_PASSWORD, refusals]);
  expect([await stateOf(id), bmc.server.sessions()]).toEqual([['unchanged'], 0]);
});

test('a BMC that does it and never answers is found out, without one wrong login', async () => {
  const { id, name, bmc } = await serverWithBmc();
  bmc.chassis.faults.add({ match: 'Accounts/1', loseAnswer: true, count: 1 });
  world.worker();
  const run = await world.ended(await world.runNow((await world.schedule({ ...ROTATION, filter: `name=${name}` })).id));
  expect(run).toMatchObject({ state: 'succeeded' });
  expect([await onFile(id), bmc.account.locked()]).toEqual([bmc.account.password(), false]);
});

test('a BMC that neither does it nor answers is told once more, and then left with its old password', async () => {
  const { id, name, bmc } = await serverWithBmc();
  bmc.chassis.faults.add({ match: 'Accounts/1', lie: true, loseAnswer: true, count: 2 });
  world.worker();
  const schedule = await world.schedule({ ...ROTATION, filter: `name=${name}` });
  expect(await world.ended(await world.runNow(schedule.id))).toMatchObject({ state: 'succeeded' });
  expect([await onFile(id), bmc.account.refusals(), await stateOf(id)]).toEqual([bmc.account.password(), 1, ['done']]);

  bmc.chassis.faults.add({ match: 'Accounts/1', lie: true, loseAnswer: true });
  const changed = await onFile(id);
  expect(await world.items(await world.ended(await world.runNow(schedule.id)))).toMatchObject([
    { error: { code: 'bmc_write_unverified' } },
  ]);
  expect([await onFile(id), bmc.account.password(), bmc.account.refusals()]).toEqual([changed, changed, 3]);
});

test('a refusal that repeats the password puts it nowhere', async () => {
  const { id, name, bmc } = await serverWithBmc();
  let heard = '';
  const { acceptable } = bmc.account;
  bmc.account.acceptable = (password) => ((heard = password), acceptable(''));
  world.worker();
  const run = await world.ended(await world.runNow((await world.schedule({ ...ROTATION, filter: `name=${name}` })).id));
  expect(await world.items(run)).toMatchObject([{ state: 'failed', error: { code: 'bmc_protocol_error' } }]);
  expect([heard.length, await onFile(id)]).toEqual([16, FIRST_PASSWORD]);
  await nowhereElse(heard);
});

test('a BMC that refuses both is left alone, a person is told, nobody logs in; credentials set by hand settle it', async () => {
  const { id, name, bmc } = await serverWithBmc();
  // Somebody else sets it at the very moment.
  const { setPassword } = bmc.account;
  bmc.account.setPassword = () => setPassword('somebody-elses-1');
  world.worker();
  const schedule = await world.schedule({ ...ROTATION, filter: `name=${name}` });
  expect(await world.items(await world.ended(await world.runNow(schedule.id)))).toMatchObject([
    { state: 'failed', error: { code: 'bmc_password_in_doubt' } },
  ]);
  const tried = bmc.account.refusals();
  expect([tried, bmc.account.locked(), await stateOf(id)]).toEqual([2, false, ['in_doubt']]);
  const open = async () =>
    (await call('GET', '/v1/incidents?state=open&type=bmc_password_in_doubt')).body.items.map(
      ({ scope }: { scope: { name: string } }) => scope.name,
    );
  expect(await open()).toEqual([name]);
  expect(await world.items(await world.ended(await world.runNow(schedule.id)))).toMatchObject([
    { state: 'skipped', reason: { code: 'password_in_doubt' } },
  ]);
  const sweep = await world.schedule({ task: 'power_sweep', filter: `name=${name}` });
  await world.ended(await world.runNow(sweep.id));
  expect(bmc.account.refusals()).toBe(tried);

  const credentials = { username: 'root', password: 'somebody-elses-1' };
  expect(await call('PATCH', `/v1/servers/${id}`, { bmc: { credentials } }, { 'if-match': '*' })).toMatchObject({ status: 200 });
  expect([await open(), await stateOf(id)]).toEqual([[], ['settled']]);
  bmc.account.setPassword = setPassword;
  expect(await world.ended(await world.runNow(schedule.id))).toMatchObject({ state: 'succeeded' });
  expect(await onFile(id)).toBe(bmc.account.password());
});

test('while it is under way nothing else begins on the server, and its credentials are not changed by hand', async () => {
  const { id, name, bmc } = await serverWithBmc();
  await realPasswords(60_000).stage(id as ServerId, { holder: 'a worker that died', parkedAs: 'its run' }, 'test');
  const begun = await call('POST', `/v1/servers/${id}/operations`, { type: 'onboard' }, { 'idempotency-key': name });
  expect(begun).toMatchObject({ status: 409, body: { code: 'server_held', params: { holder: 'a worker that died' } } });
  const byHand = { bmc: { credentials: { username: 'root', password: 'by-hand-12345' } } };
  expect(await call('PATCH', `/v1/servers/${id}`, byHand, { 'if-match': '*' })).toMatchObject({
    status: 409,
    body: { code: 'server_held' },
  });
  await api.sql(`update server_leases set expires_at = now() - interval '1 second' where server_id = $1`, [id]);
  // Even for a schedule that would leave it alone: what was begun is ended first.
  const young = await world.schedule({ ...ROTATION, params: { olderThanDays: 3_650 }, filter: `name=${name}` });
  world.worker();
  expect(await world.ended(await world.runNow(young.id))).toMatchObject({ state: 'succeeded', items: { done: 1 } });
  expect(await onFile(id)).toBe(bmc.account.password());
  expect(
    await call('POST', `/v1/servers/${id}/operations`, { type: 'onboard' }, { 'idempotency-key': `${name}-2` }),
  ).toMatchObject({ status: 202 });
});

test('a change that nobody works on any more is in nobody’s way: not told it ends, told it yields to credentials by hand', async () => {
  const untold = await serverWithBmc();
  await realPasswords(1).stage(untold.id as ServerId, { holder: 'a worker that died', parkedAs: 'its run' }, 'test');
  await eventually(async () => {
    const begun = await call(
      'POST',
      `/v1/servers/${untold.id}/operations`,
      { type: 'onboard' },
      { 'idempotency-key': untold.name },
    );
    expect(begun).toMatchObject({ status: 202 });
  });
  expect(await stateOf(untold.id)).toEqual(['unchanged']);

  const told = await serverWithBmc();
  await realPasswords(1).stage(told.id as ServerId, { holder: 'a worker that died', parkedAs: 'its run' }, 'test');
  await api.sql(`update bmc_password_changes set state = 'changing' where server_id = $1`, [told.id]);
  const begin = () =>
    call(
      'POST',
      `/v1/servers/${told.id}/operations`,
      { type: 'onboard' },
      { 'idempotency-key': `${told.name}-${Math.random()}` },
    );
  expect(await begin()).toMatchObject({ status: 409, body: { code: 'server_held' } });
  const byHand = { bmc: { credentials: { username: 'root', password: 'by-hand-12345' } } };
  await eventually(async () =>
    expect(await call('PATCH', `/v1/servers/${told.id}`, byHand, { 'if-match': '*' })).toMatchObject({ status: 200 }),
  );
  expect(await stateOf(told.id)).toEqual(['settled']);
  expect(await begin()).toMatchObject({ status: 202 });
});

test('a death before and after each step: whoever goes on ends with the password that the BMC has', async () => {
  const { id, bmc } = await serverWithBmc();
  const real = realPasswords(60_000);
  const clock = { now: () => Date.now() };
  const attempt = async (passwords: BmcPasswords, holder: string) =>
    changeBmcPassword(await passwords.stage(id as ServerId, { holder, parkedAs: 'parked' }, 'test'), { passwords, clock });
  let deaths = 0;
  for (const when of ['before', 'after'] as const) {
    for (let nth = 1; ; nth++) {
      const before = await onFile(id);
      const mortal = dying(real, nth, when);
      const died = await attempt(mortal, `dies ${when} ${nth}`).then(
        () => false,
        (thrown) => thrown instanceof Death,
      );
      if (!died) break;
      deaths += 1;
      // Nobody keeps the lease of the dead for ever.
      await api.sql(`update server_leases set expires_at = now() - interval '1 s' where server_id = $1`, [id]);
      for (
        let pass = 0;
        pass < 4 && (await stateOf(id)).some((state) => ['staged', 'changing', 'committed'].includes(state));
        pass++
      ) {
        await attempt(real, 'goes on');
      }
      expect(await onFile(id), `${when} ${nth}`).toBe(bmc.account.password());
      expect(bmc.account.locked(), `${when} ${nth}`).toBe(false);
      // A death before anything was staged leaves nothing to go on with; before the BMC was told, it is told by whoever goes on.
      expect((await stateOf(id)).at(-1) ?? 'done', `${when} ${nth}`).toBe('done');
      expect(await loginWith(bmc, before === bmc.account.password() ? before : await onFile(id))).toBe(200);
    }
  }
  // stage, log in, note, tell, close, note, log in, close, commit, log in, end sessions, close, end: each of them twice.
  expect(deaths).toBeGreaterThanOrEqual(24);
  expect(bmc.server.sessions()).toBe(0);
});

const realPasswords = (leaseMs: number): BmcPasswords =>
  bmcPasswords({
    ...{ database: api.database, keyring: TEST_KEYRING, connect: bmcConnector(), settleMs: 0, leaseMs },
    hangUp: async () => undefined,
  });

class Death extends Error {}

/** Passes on nth - 1 calls; dies at the nth, before or after it was done. What runs in a dead process's `finally` is not done either. */
function dying(real: BmcPasswords, nth: number, when: 'before' | 'after'): BmcPasswords {
  let calls = 0;
  let dead = false;
  const step = async <T>(deed: () => Promise<T>): Promise<T> => {
    if (dead) throw new Death();
    calls += 1;
    if (calls === nth && when === 'before') {
      dead = true;
      throw new Death();
    }
    const done = await deed();
    if (calls < nth) return done;
    dead = true;
    throw new Death();
  };
  return {
    settleMs: real.settleMs,
    stage: (...all) => step(() => real.stage(...all)),
    park: (...all) => step(() => real.park(...all)),
    note: (...all) => step(() => real.note(...all)),
    commit: (...all) => step(() => real.commit(...all)),
    end: (...all) => step(() => real.end(...all)),
    logIn: (...all) =>
      step(async () => {
        const session = await real.logIn(...all);
        return {
          changeToFresh: () => step(() => session.changeToFresh()),
          endOtherSessions: () => step(() => session.endOtherSessions()),
          // A process that dies leaves its session; the next rotation ends it.
          close: () => step(() => session.close()),
        };
      }),
  };
}

test('kill -9 between the BMC and us: the next worker finds out which password it is', async () => {
  const { id, name, bmc } = await serverWithBmc();
  // Done at once, and the answer takes for ever.
  const { setPassword } = bmc.account;
  const told = Promise.withResolvers<void>();
  bmc.account.setPassword = (password) => (setPassword(password), told.resolve());
  bmc.chassis.faults.add({ match: 'SessionService/Sessions', delayMs: 0, count: 1 });
  const run = await world.runNow((await world.schedule({ ...ROTATION, filter: `name=${name}` })).id);
  const child = spawn(process.execPath, ['test/integration/schedule-worker-process.ts', api.databaseUrl], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  await told.promise;
  child.kill('SIGKILL');
  await exited;
  bmc.account.setPassword = setPassword;
  expect(bmc.account.password()).not.toBe(FIRST_PASSWORD);

  world.worker();
  expect(await world.ended(run)).toMatchObject({ state: 'succeeded', items: { done: 1 } });
  expect(await onFile(id)).toBe(bmc.account.password());
  expect(await Promise.all([loginWith(bmc, await onFile(id)), loginWith(bmc, FIRST_PASSWORD)])).toEqual([200, 401]);
  expect(bmc.server.sessions()).toBe(0);
});
