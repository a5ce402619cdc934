// The fleet sweep from outside: real Postgres, BMCs on real sockets, dead ones among them; what it may ask and what it tells.
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { lookAtAllNow } from '@rackwright/store/bmc-sweep/sweep-shares.ts';
import { stockInventory, TEST_KEYRING } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { type Bmcs, composeBmcs } from '@rackwright/worker-app/compose-bmcs.ts';
import type { Holder } from '@rackwright/workflows/ports.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { type BmcKind, type Fleet, putOnFile, type SimulatedBmc, startFleet } from './bmc-fleet.ts';

/** For a machine that is busy with other things: nothing here is measured. */
vi.setConfig({ testTimeout: 240_000 });

const db = useTestDatabase();
const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).toReversed()) await close();
  await db.database.query('delete from server_leases');
  await db.database.query('delete from operations');
  await db.database.query('delete from servers');
});

const silence = { info: () => {}, warn: console.log, error: console.log };
/** A dead BMC is given up sooner than in the field: the order of things is what is tested. */
const HASTE = {
  redfish: { timings: { connect: 300, request: 600, login: 600 } },
  ipmi: {
    clock: {
      now: () => performance.now(),
      after(ms: number, act: () => void) {
        const timer = setTimeout(act, ms / 3);
        return () => clearTimeout(timer);
      },
    },
  },
};

function sweep(runner = 'worker-1'): Bmcs {
  const bmcs = composeBmcs(
    { bmc: HASTE, sweep: { living: 16, silent: 8 } },
    { database: db.database, keyring: TEST_KEYRING, log: silence, runner },
  );
  running.push(() => bmcs.close());
  return bmcs;
}

async function fleet(size: number, kindOf: (n: number) => BmcKind, slowMs = 200): Promise<Fleet & { ids: ServerId[] }> {
  const made = await startFleet(size, kindOf, slowMs);
  running.push(() => made.close());
  return { ...made, ids: await putOnFile(db.database, TEST_KEYRING, made.bmcs) };
}

type Row = {
  serverId: ServerId;
  power: string | null;
  health: string | null;
  failures: number;
  circuit: string;
  error: string | null;
  asked: boolean;
  looks: string | null;
};
const readings = (): Promise<Row[]> =>
  db.database.query<Row>(
    `select server_id as "serverId", power, health, failures, circuit, last_error as error, asked_by is not null as asked,
            greatest(seen_at, last_error_at)::text as looks from bmc_readings order by server_id`,
  );
const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 90_000, interval: 50 });

/** One more look at everything that may be looked at, and until it is written down. */
async function oneMoreLook(): Promise<void> {
  await until(async () => expect((await readings()).filter(({ asked }) => asked)).toEqual([]));
  const before = new Map((await readings()).map(({ serverId, looks }) => [serverId, looks]));
  const due = await db.database.query<{ serverId: ServerId }>(
    `select server_id as "serverId" from bmc_readings where due_at < 'infinity'`,
  );
  await lookAtAllNow(db.database);
  await until(async () => {
    const after = new Map((await readings()).map(({ serverId, looks }) => [serverId, looks]));
    expect(due.filter(({ serverId }) => after.get(serverId) === before.get(serverId))).toEqual([]);
  });
}

const admitted = (count: number): Promise<void> => until(async () => expect(await readings()).toHaveLength(count));
const events = (kind: string) =>
  db.database.query<{ serverId: ServerId; payload: Record<string, unknown> }>(
    'select server_id as "serverId", payload from events where kind = $1 and server_id in (select id from servers) order by seq',
    [kind],
  );

function keptPromises(bmcs: readonly SimulatedBmc[]): void {
  expect(bmcs.filter((bmc) => bmc.traffic().mostAtOnce > 1).map(({ serial }) => serial)).toEqual([]);
}

const KINDS: BmcKind[] = ['refusing', 'silent', 'slow', 'forbidding'];

test('sixty BMCs, twenty in trouble: the living are seen, the dead are left alone, nobody is asked two things at once', async () => {
  const { bmcs, ids } = await fleet(60, (n) => (n < 40 ? 'well' : (KINDS[Math.floor((n - 40) / 2) % 4] ?? 'well')));
  const kinds = new Map(ids.map((id, n) => [id, bmcs[n]?.kind]));
  const of = async (...wanted: BmcKind[]): Promise<Row[]> =>
    (await readings()).filter(({ serverId }) => wanted.includes(kinds.get(serverId) ?? 'well'));
  const worker = sweep();
  await admitted(60);
  for (let n = 0; n < 3; n++) await oneMoreLook();

  for (const row of await of('well', 'slow'))
    expect(row).toMatchObject({ power: 'on', health: 'ok', failures: 0, circuit: 'closed', error: null });
  for (const row of await of('refusing', 'silent'))
    expect(row).toMatchObject({ power: null, failures: 3, circuit: 'open', error: 'bmc_unreachable' });
  for (const row of await of('forbidding'))
    expect(row).toMatchObject({ power: null, circuit: 'refused', error: 'bmc_auth_failed' });

  // A password that was refused is not tried again, however often the sweep comes by.
  const forbidding = bmcs.filter(({ kind }) => kind === 'forbidding');
  const asked = forbidding.map((bmc) => bmc.traffic().requests);
  await oneMoreLook();
  expect(forbidding.map((bmc) => bmc.traffic().requests)).toEqual(asked);

  keptPromises(bmcs);
  expect(bmcs.filter((bmc) => bmc.traffic().mostSessions > 1).map(({ serial }) => serial)).toEqual([]);
  // Kept between looks where that is of use: Redfish BMCs of servers in service.
  const redfish = bmcs.filter(({ kind, endpoint }) => (kind === 'well' || kind === 'slow') && endpoint.protocol === 'redfish');
  expect(worker.sessions()).toBe(redfish.length);
  expect(redfish.every((bmc) => bmc.sessions() === 1)).toBe(true);
  const dead = bmcs.filter(({ kind }) => kind === 'refusing' || kind === 'silent');
  // One word for each, however often it was looked at since.
  expect(await events('server.bmc_changed')).toHaveLength(dead.length + forbidding.length);

  await running.pop()?.();
  await until(() => expect(bmcs.reduce((sum, bmc) => sum + bmc.sessions(), 0)).toBe(0));
});

test('what changes is told once; what was refused is tried with new credentials; the dead come back by one knock', async () => {
  const { bmcs, ids } = await fleet(4, (n) => (n === 2 ? 'forbidding' : 'well'));
  const [first, , forbidden] = bmcs;
  if (!first?.chassis || !forbidden) throw new Error('no BMCs');
  first.chassis.logEvent('critical', 'DIMM A1: a long time ago');
  sweep();
  await admitted(4);
  await oneMoreLook();
  expect(await events('server.bmc_logged')).toEqual([]);

  first.chassis.act('off');
  first.chassis.logEvent('critical', 'DIMM A1: uncorrectable error');
  first.chassis.logEvent('ok', 'nothing of note');
  await db.database.query(`update bmc_readings set log_read_at = log_read_at - interval '1 hour'`);
  await oneMoreLook();
  await oneMoreLook();
  const [change, ...more] = (await events('server.bmc_changed')).filter(({ serverId }) => serverId === ids[0]);
  expect(change?.payload).toMatchObject({ power: { from: 'on', to: 'off' } });
  expect(more).toEqual([]);
  expect(await events('server.bmc_logged')).toMatchObject([{ serverId: ids[0], payload: { critical: 1, warning: 0 } }]);
  const log = await db.database.query(
    'select message, severity, historic from bmc_log_entries where server_id = $1 order by seq',
    [ids[0]],
  );
  expect(log).toEqual([
    { message: 'DIMM A1: a long time ago', severity: 'critical', historic: true },
    { message: 'DIMM A1: uncorrectable error', severity: 'critical', historic: false },
  ]);

  const { inventory } = await stockInventory(db.database);
  await inventory.servers.update(ids[2] as ServerId, 'any', { bmcCredentials: { username: 'root', password: 'rackwright' } });
  // The minute between two tries with a password has passed.
  await db.database.query(
    `update bmc_readings set last_error_at = last_error_at - interval '1 minute' where circuit = 'refused'`,
  );
  await until(async () =>
    expect((await readings()).find(({ serverId }) => serverId === ids[2])).toMatchObject({ circuit: 'closed', power: 'on' }),
  );

  const dead = first.chassis.faults.add({ match: '.', drop: true });
  for (let n = 0; n < 3; n++) await oneMoreLook();
  const before = first.traffic().requests;
  await oneMoreLook();
  // Open: one question without a password, no login.
  expect(first.traffic().requests - before).toBe(1);
  expect((await readings()).find(({ serverId }) => serverId === ids[0])).toMatchObject({
    circuit: 'open',
    power: 'off',
    failures: 4,
  });
  first.chassis.faults.remove(dead);
  await oneMoreLook();
  expect((await readings()).find(({ serverId }) => serverId === ids[0])).toMatchObject({ circuit: 'closed', failures: 0 });
  keptPromises(bmcs);
});

test('two workers share the fleet, and an operation on one of them never meets a look of the other', async () => {
  const { bmcs, ids } = await fleet(20, () => 'slow', 50);
  const [one, two] = [sweep('worker-1'), sweep('worker-2')];
  await admitted(20);
  await until(async () => {
    const shares = await db.database.query<{ n: number }>(
      'select count(*)::int as n from bmc_sweep_shards group by worker order by worker',
    );
    expect(shares.map(({ n }) => n)).toEqual([32, 32]);
  });
  const stock = await stockInventory(db.database);
  const holders = await Promise.all(
    ids.slice(0, 6).map(async (serverId) => ({ serverId, operationId: await stock.begin(serverId, 'release') })),
  );
  // As its worker does while it runs an operation; the other one sees it in the database only.
  await db.database.query(`update operations set run_by = 'worker-1', run_until = now() + interval '1 minute'`);
  const journal = { steps: [], deadlineAt: '', cancelRequested: false, failing: null };
  const nothing = async (): Promise<void> => undefined;
  const held = (holder: Holder) =>
    one.heldBy({
      run: { ...holder, workflow: 'release-server', params: {}, fence: 0n, journal },
      refuseIfStale: nothing,
      renew: nothing,
    });
  const asking = (async () => {
    for (let n = 0; n < 4; n++) for (const holder of holders) await held(holder)(holder, (bmc) => bmc.power());
  })();
  let over = false;
  void asking.finally(() => (over = true));
  while (!over) {
    await lookAtAllNow(db.database);
    await pause(100);
  }
  await asking;
  keptPromises(bmcs);

  // One leaves: the other sweeps all of it.
  await two.close();
  await db.database.query('update operations set run_until = null');
  await oneMoreLook();
  keptPromises(bmcs);
});
