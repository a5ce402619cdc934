// A power-off that could not be undone is told to people, once, until the machine is seen off or somebody has mended it.
import type { ServerId } from '@rackwright/domain/ids.ts';
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { closeUndoIncidents } from '@rackwright/store/operations/undo-incidents.ts';
import { notePower } from '@rackwright/store/power/power-grants.ts';
import { type Stock, stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { runWorkflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { beforeAll, expect, test } from 'vitest';

const db = useTestDatabase();
let stock: Stock;
beforeAll(async () => {
  stock = await stockInventory(db.database);
});
const incidents = (id: ServerId) =>
  db.database.query<{ key: string; facts: object; closed: boolean; because: string | null }>(
    `select key, facts, closed_at is not null as closed, closed_because as because from incidents where scope_id = $1 order by opened_at`,
    [id],
  );

/** As a worker does, with a clock on which every wait is over. */
async function failWith(serverId: ServerId, undo: () => Promise<void>): Promise<void> {
  const operationId = await stock.begin(serverId, 'onboard');
  const runs = postgresRunStore(db.database);
  for (let turn = 0; turn < 50; turn++) {
    const run = await runs.claim(operationId, 'w', 60_000);
    if (typeof run === 'string') return;
    const log = { ...runs.stepLog(run), load: async () => run.journal };
    const end = await runWorkflow(
      async (steps) => {
        await steps.step('boot the agent from the network', async () => notePower(db.database, serverId, 'on'), { undo });
        await steps.step('go wrong', () => Promise.reject(new Refusal('serial_mismatch')));
      },
      null,
      null,
      log,
      { now: () => Date.now() },
    );
    if (end.kind === 'suspended') await runs.suspend(run, end.wakeAt, end.waitingFor, end.unsaved);
    if (end.kind === 'failed') return runs.fail(run, end.error, 'fail');
  }
  throw new Error('it never gave up');
}

const dead = () => Promise.reject(new Fault({ code: 'bmc_unreachable', doing: 'switch it off', retry: 'soon' }));

test('twenty tries, then an incident that names the step and says that the machine may be on; seen off, it closes', async () => {
  const id = await stock.addServer();
  await failWith(id, dead);
  expect(await incidents(id)).toMatchObject([
    {
      closed: false,
      facts: { step: 'boot the agent from the network', because: 'bmc_unreachable', power: 'may be on', others: 0 },
    },
  ]);
  expect(await closeUndoIncidents(db.database)).toBe(0);
  await failWith(id, dead);
  expect(await incidents(id)).toHaveLength(1);
  await notePower(db.database, id, 'off');
  expect(await closeUndoIncidents(db.database)).toBe(1);
  expect(await incidents(id)).toMatchObject([{ closed: true, because: 'its BMC reports the server off' }]);
});

test('an undo that worked in the end opens nothing; a later success closes', async () => {
  const fine = await stock.addServer();
  let tries = 0;
  await failWith(fine, () => (++tries < 5 ? dead() : Promise.resolve()));
  expect(await incidents(fine)).toEqual([]);

  const id = await stock.addServer();
  await failWith(id, dead);
  await db.database.query(
    `insert into operations (id, type, server_id, state, requested_by, deadline_at, finished_at)
     values ('op_later', 'onboard-server', $1, 'succeeded', 'test', now(), now() + interval '1 s')`,
    [id],
  );
  expect(await closeUndoIncidents(db.database)).toBe(1);
  expect(await incidents(id)).toMatchObject([{ closed: true, because: 'a later operation on the server has succeeded' }]);
});
