// The repair sweep erases nothing that somebody promised to keep: what was re-imaged or repaired last is told, and left to a person.
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { beginOperation, type BeginOperation } from '@rackwright/store/operations/begin-operation.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { expect, test } from 'vitest';
import type { Json } from './api-server.ts';
import { eventually, useSchedules } from './schedule-world.ts';

const world = useSchedules();
const { api } = world;

/** As the worker that ran it would end it. */
async function end(operationId: OperationId, how: 'finish' | 'fail'): Promise<void> {
  const runs = postgresRunStore(api.database);
  const claim = await runs.claim(operationId, 'test', 60_000);
  if (typeof claim === 'string') throw new Error(claim);
  const error = { kind: 'fault', code: 'bmc_unreachable', message: 'silent', retry: 'later', facts: {} } as const;
  await (how === 'finish' ? runs.finish(claim) : runs.fail(claim, error, 'fail'));
}

type Deed = readonly [BeginOperation['event'], 'finish' | 'fail'];
let numbered = 0;

/** A server with this behind it, two hours ago. */
async function after(name: string, state: string, ...deeds: Deed[]): Promise<ServerId> {
  const serverId = (await world.server(name, state, { url: `https://10.0.9.${++numbered}` })) as ServerId;
  // Whose it was, and with what on it: where a repair ends asks for that.
  if (state === 'in_service')
    await api.sql(
      `insert into allocations (server_id, node_name, image_digest, root_disk_serial, operation_id) values ($1, $2, 'sha256-x', 'D', 'op_x')`,
      [serverId, name],
    );
  for (const [event, how] of deeds) {
    const id = newId('operation');
    await inTransaction(api.database, (tx) =>
      beginOperation(tx, id, { serverId, event, params: {}, requestedBy: 'ann', reason: '' }),
    );
    await end(id, how);
  }
  await api.sql(`update servers set state_since = now() - interval '2 hours' where id = $1`, [serverId]);
  return serverId;
}

const FAILED_REIMAGE = ['reimage', 'fail'] as const;
const FAILED_PROVISION = ['provision', 'fail'] as const;

test('it releases what was never promised to anybody, and only tells of what was to keep its disks', async () => {
  await after('rs-first', 'available', FAILED_PROVISION);
  await after('rs-release', 'in_service', ['release', 'fail']);
  await after('rs-repaired', 'available', ['isolate', 'finish'], ['validate', 'finish'], FAILED_PROVISION);
  await after('rs-reimage', 'in_service', FAILED_REIMAGE);
  await after('rs-reimage-again', 'in_service', FAILED_REIMAGE, FAILED_PROVISION);
  await after('rs-isolate', 'in_service', ['isolate', 'fail']);
  const validated = await after('rs-validate', 'in_service', ['isolate', 'finish'], ['validate', 'fail']);
  // It holds data of nobody's by now.
  await api.sql(`update servers set state = 'quarantined' where id = $1`, [validated]);
  world.worker();
  const params = { act: 'begin', afterHours: 1, atOnce: 10 };
  const { id } = await world.schedule({ task: 'repair_sweep', params, filter: 'name~"rs-*"' });
  const begun = await world.runNow(id);
  const waiting = async (): Promise<Json[]> => (await world.items(begun)).filter(({ state }) => state === 'waiting');
  await eventually(async () => expect(await waiting()).toHaveLength(3));
  const released = await waiting();
  for (const item of released) await end(item.operationId, 'fail');
  expect(released.map(({ subject }) => String(subject.name)).toSorted()).toEqual(['rs-first', 'rs-release', 'rs-repaired']);

  expect(await world.ended(begun)).toMatchObject({ items: { picked: 7, done: 4, failed: 3 } });
  const items = Object.fromEntries((await world.items(begun)).map((item) => [item.subject.name, item]));
  for (const name of ['rs-reimage', 'rs-reimage-again'])
    expect(items[name]).toMatchObject({ operationId: null, result: { finding: 'provisioning_failed', next: 'release' } });
  for (const name of ['rs-isolate', 'rs-validate'])
    expect(items[name]).toMatchObject({ operationId: null, result: { finding: 'quarantined', next: 'release' } });
});
