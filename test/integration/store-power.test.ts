// Power grants on a real Postgres: however many ask at once, no feed is asked for more than it may give, and nobody is forgotten.
import type { OperationId, RackId, ServerId } from '@rackwright/domain/ids.ts';
import { ampsOn } from '@rackwright/domain/power/circuits.ts';
import { ASSUMED_DRAW, drawInWatts } from '@rackwright/domain/power/draw.ts';
import { wattsNow } from '@rackwright/domain/power/grant-power.ts';
import { runningOf } from '@rackwright/domain/power/rack-power.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import {
  askForPower,
  grantWaiting,
  notePower,
  type PowerAsker,
  settleFoundOn,
  settlePower,
} from '@rackwright/store/power/power-grants.ts';
import { readRackPower } from '@rackwright/store/power/read-rack-power.ts';
import { type Stock, stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { StaleRun } from '@rackwright/workflow-engine/step-log.ts';
import { beforeAll, expect, test } from 'vitest';

const db = useTestDatabase();
let stock: Stock;
beforeAll(async () => {
  stock = await stockInventory(db.database);
});

async function rackOf(powerFeeds: { name: string; amps: number }[]): Promise<RackId> {
  const name = `P-${newId('rack').slice(-6)}`;
  const rack = await stock.inventory.racks.create(newId('rack'), {
    siteId: stock.siteId,
    name,
    heightU: 42,
    powerFeeds,
    switches: [],
  });
  return rack.id;
}

async function askersIn(rackId: RackId | null, howMany: number): Promise<PowerAsker[]> {
  const askers: PowerAsker[] = [];
  for (let n = 0; n < howMany; n++) {
    const serverId = await stock.addServer({ rackId });
    askers.push({ serverId, operationId: await stock.begin(serverId, 'onboard') });
  }
  return askers;
}

/** Amperes on the fullest circuit, as a part of its budget. */
async function fullest(rackId: RackId): Promise<number> {
  const [rack] = await readRackPower(db.database, { ids: [rackId] });
  if (!rack) throw new Error('no rack');
  const loads = runningOf(rack);
  return Math.max(
    ...rack.circuits.map((circuit) => loads.reduce((sum, load) => sum + ampsOn(circuit, wattsNow(load)), 0) / circuit.budgetAmps),
  );
}

const ask = (asker: PowerAsker) => askForPower(db.database, asker);
const wakeOf = async (id: OperationId) =>
  (await db.database.query<{ due: boolean }>('select wake_at <= clock_timestamp() as due from operations where id = $1', [id]))[0]
    ?.due;
/** Its start is over. */
async function started(asker: PowerAsker): Promise<void> {
  await settlePower(db.database, asker, 0);
}

test('of seven that ask at once on 12.8 A, four may; the rest follow as starts end, in the order in which they asked', async () => {
  const rackId = await rackOf([
    { name: 'a', amps: 16 },
    { name: 'b', amps: 16 },
  ]);
  const askers = await askersIn(rackId, 7);
  const answers = await Promise.all(askers.map(ask));
  const first = askers.filter((_, n) => answers[n]?.granted);
  expect(first).toHaveLength(4);
  const line = await db.database.query<PowerAsker & { askedAt: string }>(
    `select server_id as "serverId", operation_id as "operationId", asked_at::text as "askedAt"
       from server_power where server_id = any($1) order by asked_at`,
    [askers.map(({ serverId }) => serverId)],
  );
  const waiting = line.filter(({ serverId }) => !first.some((one) => one.serverId === serverId));
  const lastGranted = line.findLast((one) => !waiting.includes(one))?.askedAt ?? '';
  for (const { askedAt } of waiting) expect(askedAt >= lastGranted, `${askedAt} and ${lastGranted}`).toBe(true);
  // Two may have asked in the same millisecond: as if a second lay between them, and against the order of their ids.
  const latestId = waiting.toSorted((a, b) => (a.serverId < b.serverId ? 1 : -1));
  const [fifth, sixth, seventh] = latestId.map(({ operationId }) => operationId);
  for (const [n, { serverId }] of latestId.entries())
    await db.database.query(`update server_power set asked_at = asked_at + make_interval(secs => $2) where server_id = $1`, [
      serverId,
      n - latestId.length,
    ]);
  expect(await fullest(rackId)).toBeLessThanOrEqual(1);
  const refused = answers.find((answer) => !answer.granted);
  expect(refused).toMatchObject({ granted: false, wait: { why: 'inrush', circuit: { kind: 'feed', name: 'a' } } });

  expect(await grantWaiting(db.database)).toEqual([]);
  await Promise.all(first.map(started));
  const woken = await grantWaiting(db.database);
  // 4 × 350 W run, and two starts of 600 W fit beside them.
  expect(woken).toHaveLength(2);
  expect(new Set(woken)).toEqual(new Set([fifth, sixth]));
  expect(await fullest(rackId)).toBeLessThanOrEqual(1);
  for (const operationId of woken) expect(await wakeOf(operationId)).toBe(true);
  const second = askers.filter(({ operationId }) => woken.includes(operationId));
  for (const asker of second) expect(await ask(asker)).toMatchObject({ granted: true });
  await Promise.all(second.map(started));
  expect(await grantWaiting(db.database)).toEqual([seventh]);
  const late = askers.find(({ operationId }) => operationId === seventh);
  if (!late) throw new Error('the seventh is none of those that asked');
  expect(await ask(late)).toMatchObject({ granted: true, draw: { inrush: 600 } });
  expect(await fullest(rackId)).toBeLessThanOrEqual(1);
});

test('a worker that dies after the order holds its grant until it runs out, and the machine counts as on after that', async () => {
  const rackId = await rackOf([{ name: 'a', amps: 4 }]);
  const [one, two] = await askersIn(rackId, 2);
  if (!one || !two) throw new Error('two');
  expect(await ask(one)).toMatchObject({ granted: true });
  expect(await ask(two)).toMatchObject({ granted: false, wait: { why: 'load' } });
  await started(one);
  expect(await grantWaiting(db.database)).toEqual([]);
  await notePower(db.database, one.serverId, 'off');
  expect(await grantWaiting(db.database)).toEqual([two.operationId]);
});

test('who goes on after such a death and finds the machine on gives the start back; what was never used it leaves alone', async () => {
  const rackId = await rackOf([{ name: 'a', amps: 6 }]);
  const [one, two] = await askersIn(rackId, 2);
  if (!one || !two) throw new Error('two');
  expect(await ask(one)).toMatchObject({ granted: true });
  expect(await ask(two)).toMatchObject({ granted: false, wait: { why: 'inrush' } });
  const leftSeconds = async ({ serverId }: PowerAsker) =>
    (
      await db.database.query<{ left: number }>(
        'select extract(epoch from expires_at - clock_timestamp())::float8 as left from server_power where server_id = $1',
        [serverId],
      )
    )[0]?.left;
  expect(await leftSeconds(one)).toBeGreaterThan(60);
  await settleFoundOn(db.database, one);
  expect(await leftSeconds(one)).toBeLessThanOrEqual(drawInWatts(ASSUMED_DRAW).inrushSeconds);

  await notePower(db.database, one.serverId, 'off');
  expect(await grantWaiting(db.database)).toEqual([two.operationId]);
  const before = await leftSeconds(two);
  await settleFoundOn(db.database, two);
  expect(before).toBeGreaterThan(drawInWatts(ASSUMED_DRAW).inrushSeconds);
  expect(await leftSeconds(two)).toBeGreaterThan(drawInWatts(ASSUMED_DRAW).inrushSeconds);
});

test('a grant that nobody used in time is lost, and its place in the line is not', async () => {
  const rackId = await rackOf([{ name: 'a', amps: 5 }]);
  const [one, two, three] = await askersIn(rackId, 3);
  if (!one || !two || !three) throw new Error('three');
  expect(await ask(one)).toMatchObject({ granted: true });
  expect(await ask(two)).toMatchObject({ granted: false });
  await notePower(db.database, one.serverId, 'off');
  expect(await grantWaiting(db.database)).toEqual([two.operationId]);
  expect(await ask(three)).toMatchObject({ granted: false });
  await db.database.query(`update server_power set expires_at = now() - interval '1 s' where server_id = $1`, [two.serverId]);
  await ask({ ...two });
  const { rows } = await db.database.pool.query(
    'select server_id from server_power where used_at is not null and server_id = $1',
    [two.serverId],
  );
  expect(rows).toHaveLength(1);
});

test('who asks again while it holds a grant goes on with it; whose operation ended stands in no line', async () => {
  const rackId = await rackOf([{ name: 'a', amps: 4 }]);
  const [one, two] = await askersIn(rackId, 2);
  if (!one || !two) throw new Error('two');
  expect(await ask(one)).toMatchObject({ granted: true });
  expect(await ask(one)).toMatchObject({ granted: true });
  expect(await ask(two)).toMatchObject({ granted: false });
  const runs = postgresRunStore(db.database);
  const run = await runs.claim(two.operationId, 'w', 60_000);
  if (typeof run === 'string') throw new Error(run);
  await runs.fail(run, { kind: 'refusal', code: 'operation_cancelled', message: '', retry: 'never', facts: {} }, 'fail');
  await expect(ask(two)).rejects.toBeInstanceOf(StaleRun);
  await notePower(db.database, one.serverId, 'off');
  expect(await grantWaiting(db.database)).toEqual([]);
});

test('without a rack nothing is known and nobody waits; without feeds ten start at once', async () => {
  const [free] = await askersIn(null, 1);
  if (!free) throw new Error('one');
  expect(await ask(free)).toEqual({ granted: true, draw: null });
  const askers = await askersIn(await rackOf([]), 12);
  const answers = await Promise.all(askers.map(ask));
  expect(answers.filter(({ granted }) => granted)).toHaveLength(10);
  expect(answers.find(({ granted }) => !granted)).toMatchObject({ wait: { why: 'at_once' } });
});

test('what a hardware model draws counts; what was never seen counts by its state', async () => {
  const rackId = await rackOf([{ name: 'a', amps: 16 }]);
  await stock.inventory.hardwareModels.create(newId('hardware_model'), {
    name: 'blade',
    product: 'q35',
    cpuSockets: null,
    memoryBytes: null,
    disks: null,
    nics: null,
    power: { steady: { amps: 2, volts: 230 }, inrush: { watts: 900 }, inrushSeconds: 9 },
  });
  const [asker] = await askersIn(rackId, 1);
  const serving: ServerId = await stock.addServerIn('in_service', { rackId });
  await stock.addServerIn('available', { rackId });
  if (!asker) throw new Error('one');
  await db.database.query(
    `insert into accepted_hardware (server_id, inspection, operation_id) values ($1, '{"system": {"product": "q35"}}', $2)`,
    [asker.serverId, asker.operationId],
  );
  expect(await ask(asker)).toMatchObject({ granted: true, draw: { steady: 460, inrush: 900, inrushSeconds: 9 } });
  const [rack] = await readRackPower(db.database, { ids: [rackId] });
  if (!rack) throw new Error('no rack');
  expect(
    runningOf(rack)
      .map(({ serverId }) => serverId)
      .sort(),
  ).toEqual([asker.serverId, serving].sort());
});

test('of what an operation knew and what the sweep saw, the newer one counts', async () => {
  const rackId = await rackOf([{ name: 'a', amps: 16 }]);
  const id = await stock.addServerIn('in_service', { rackId });
  const seenBySweep = (power: string, when: string) =>
    db.database.query(
      `insert into bmc_readings (server_id, spread, power, seen_at, due_at) values ($1, 0, $2, now() + $3::interval, now())
       on conflict (server_id) do update set power = excluded.power, seen_at = excluded.seen_at`,
      [id, power, when],
    );
  const known = async () => (await readRackPower(db.database, { ids: [rackId] }))[0]?.servers[0]?.power;
  await seenBySweep('off', '-1 minute');
  expect(await known()).toBe('off');
  await notePower(db.database, id, 'on');
  expect(await known()).toBe('on');
  await seenBySweep('off', '1 minute');
  expect(await known()).toBe('off');
  await seenBySweep('powering_off', '1 minute');
  expect(await known()).toBe('on');
  await seenBySweep('unknown', '1 minute');
  expect(await known()).toBe('on');
});
