// Takes replacements a step further: reads where their servers are, does the one thing that is next, and writes both in one transaction.
import { type Facts, Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ReplacementId, ServerId } from '@rackwright/domain/ids.ts';
import {
  nextAct,
  type OperationSeen,
  type ReplacementState,
  type SeenReplacement,
  type TakesOutBy,
} from '@rackwright/domain/placement/advance-replacement.ts';
import type { Database } from '../database.ts';
import { instantSql } from '../instant-sql.ts';
import { newId } from '../new-id.ts';
import { beginOperation } from '../operations/begin-operation.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { openWorkOrder } from '../work-orders/open-work-order.ts';
import { noSpare } from './begin-replacement.ts';
import { keptChoice, type Install } from './read-replacement.ts';
import { readPlaced } from './read-spares.ts';
import { takeSpare } from './take-spare.ts';

/** Those that run, oldest first. */
export async function runningReplacements(database: Database, limit: number): Promise<ReplacementId[]> {
  const rows = await database.query<{ id: ReplacementId }>(
    'select id from replacements where finished_at is null order by id limit $1',
    [limit],
  );
  return rows.map(({ id }) => id);
}

/** @returns the operation that was begun, for the caller to wake. Harmless to call at any time, from any process. */
export function advanceReplacement(database: Database, id: ReplacementId): Promise<OperationId | undefined> {
  return inTransaction(database, async (tx) => {
    const seen = await lock(tx, id);
    return seen && advance(tx, seen);
  });
}

type Locked = SeenReplacement & {
  id: ReplacementId;
  brokenId: ServerId;
  triedIds: ServerId[];
  install: Install;
  drain: object | null;
  takesOutBy: TakesOutBy;
  requestedBy: string;
  reason: string;
  overdue: boolean;
};

/** Undefined when it ended, or another process has it in hand. */
async function lock(tx: Transaction, id: ReplacementId): Promise<Locked | undefined> {
  const operation = (alias: string) =>
    `(select jsonb_build_object('id', o.id, 'state', o.state, 'errorCode', o.error->>'code') from operations o where o.id = ${alias})`;
  const [row] = await tx.query<
    Locked & { state: 'taking_in' | 'taking_out'; ours: OperationSeen | null; brokenState: string; busyWith: string | null }
  >(
    `select p.id, p.state, p.replacement_order as order, cardinality(p.tried) as tried, p.tried as "triedIds", p.install, p.drain,
            p.takes_out_by as "takesOutBy", p.requested_by as "requestedBy", p.reason, p.deadline_at < now() as overdue, p.broken_server_id as "brokenId",
            ${operation('p.spare_operation_id')} as "spareOperation", ${operation('p.broken_operation_id')} as ours,
            s.state::text as "brokenState",
            (select o.id from operations o where o.server_id = s.id and o.state = 'running' and o.id is distinct from p.broken_operation_id)
              as "busyWith"
       from replacements p join servers s on s.id = p.broken_server_id
      where p.id = $1 and p.finished_at is null for update of p skip locked`,
    [id],
  );
  if (!row) return undefined;
  const { ours, brokenState, busyWith, ...rest } = row;
  return { ...rest, broken: { state: brokenState, busyWith, operation: ours } };
}

async function advance(tx: Transaction, seen: Locked): Promise<OperationId | undefined> {
  if (seen.overdue) return end(tx, seen, 'failed', { code: 'replacement_deadline_passed', facts: { state: seen.state } });
  const next = nextAct(seen);
  switch (next.act) {
    case 'wait':
      return wait(tx, seen, next.code, next.facts, next.unblockedBy);
    case 'take_spare':
      return takeAnother(tx, seen);
    case 'take_out':
      return takeOut(tx, seen);
    case 'succeed':
      if (seen.takesOutBy === 'repair') await askForRepair(tx, seen);
      return end(tx, seen, 'succeeded', null);
    case 'fail':
      return end(tx, seen, 'failed', { code: next.code, facts: next.facts });
  }
}

async function takeAnother(tx: Transaction, seen: Locked): Promise<OperationId | undefined> {
  const { id, install, triedIds } = seen;
  const broken = await readPlaced(tx, seen.brokenId);
  const by = { requestedBy: `replacement ${id} (${seen.requestedBy})`, reason: `takes the place of ${broken.name}` };
  const { choice, operationId } = await takeSpare(tx, { broken, install, except: triedIds, ...by });
  if (operationId === null || !choice.chosen) {
    const { facts } = noSpare(broken.name, choice);
    return wait(tx, seen, 'no_spare', facts, 'a fitting server of the site becoming available, or a person cancelling');
  }
  const { id: spareId } = choice.chosen;
  await tx.query(
    `update replacements set spare_server_id = $2, spare_operation_id = $3, tried = tried || $2::text, choice = $4 where id = $1`,
    [id, spareId, operationId, JSON.stringify(keptChoice(choice))],
  );
  await move(tx, seen, 'taking_in', { spareId, operationId });
  return operationId;
}

async function takeOut(tx: Transaction, seen: Locked): Promise<OperationId | undefined> {
  const { id, brokenId, drain, takesOutBy } = seen;
  const operationId = newId('operation');
  const event = takesOutBy === 'repair' ? 'isolate' : 'release';
  // Its Node would wait for it: a spare stands in its place.
  const params = { ...(drain === null ? {} : { drain }), ...(event === 'isolate' ? { keepNode: false } : {}) };
  const by = { requestedBy: `replacement ${id} (${seen.requestedBy})`, reason: 'a spare takes its place' };
  try {
    await tx.savepoint(() => beginOperation(tx, operationId, { serverId: brokenId, event, params, ...by }));
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    // Somebody began something between our look and our lock: it is waited for.
    return wait(tx, seen, 'broken_busy', { because: thrown.code, ...thrown.facts }, 'the broken server resting again');
  }
  await tx.query('update replacements set broken_operation_id = $2 where id = $1', [id, operationId]);
  await move(tx, seen, 'taking_out', { operationId });
  return operationId;
}

/** Whatever became of its isolation: somebody is to look at it. */
async function askForRepair(tx: Transaction, { id, brokenId, requestedBy, reason, broken }: Locked): Promise<void> {
  if (broken.state === 'retired') return;
  const cause = reason === '' ? 'replaced by a spare' : reason;
  const openedBy = `replacement ${id} (${requestedBy})`;
  const order = await openWorkOrder(tx, { serverId: brokenId, cause, openedBy });
  await tx.query('update replacements set work_order_id = $2 where id = $1', [id, order.id]);
}

async function move(tx: Transaction, seen: Locked, to: ReplacementState, payload: Record<string, unknown>): Promise<void> {
  const { id, brokenId } = seen;
  await tx.query(
    `update replacements set state_since = case when state = $2 then state_since else clock_timestamp() end, state = $2, waiting_for = null
      where id = $1`,
    [id, to],
  );
  const subject = { kind: 'replacement' as const, id };
  tx.emit({ kind: 'replacement.moved', subject, serverId: brokenId, payload: { from: seen.state, to, ...payload } });
}

/** Looking every few seconds is no news; another reason is. */
async function wait(tx: Transaction, seen: Locked, code: string, facts: Facts, unblockedBy: string): Promise<undefined> {
  const changed = await tx.query(
    `update replacements
        set waiting_for = jsonb_build_object('code', $2::text, 'facts', $3::jsonb, 'unblockedBy', $4::text,
              'since', ${instantSql('clock_timestamp()')},
              'until', ${instantSql('deadline_at')})
      where id = $1 and (waiting_for->>'code' is distinct from $2 or waiting_for->'facts' is distinct from $3::jsonb) returning id`,
    [seen.id, code, JSON.stringify(facts), unblockedBy],
  );
  if (changed.length > 0) {
    const subject = { kind: 'replacement' as const, id: seen.id };
    tx.emit({ kind: 'replacement.waiting', subject, serverId: seen.brokenId, payload: { code, facts, unblockedBy } });
  }
  return undefined;
}

async function end(
  tx: Transaction,
  seen: Pick<Locked, 'id' | 'brokenId'>,
  state: 'succeeded' | 'failed' | 'cancelled',
  error: { code: string; facts: Facts } | null,
  told: { by?: string; reason?: string } = {},
): Promise<undefined> {
  const { id, brokenId } = seen;
  await tx.query(
    `update replacements set state = $2, state_since = clock_timestamp(), finished_at = clock_timestamp(), waiting_for = null, error = $3
      where id = $1`,
    [id, state, error === null ? null : JSON.stringify(error)],
  );
  const subject = { kind: 'replacement' as const, id };
  const payload = { state, ...(error ? { code: error.code } : {}), ...told };
  tx.emit({ kind: 'replacement.ended', subject, serverId: brokenId, payload });
  return undefined;
}

/** Nothing more is begun; what runs on its servers goes on. Refusals `not_found`, `replacement_finished`. */
export async function cancelReplacement(tx: Transaction, id: ReplacementId, by: string, reason: string): Promise<void> {
  const [row] = await tx.query<{ state: ReplacementState; brokenId: ServerId; finished: boolean }>(
    `select state, broken_server_id as "brokenId", finished_at is not null as finished from replacements where id = $1 for update`,
    [id],
  );
  if (!row) throw new Refusal('not_found', { kind: 'replacement', id });
  if (row.state === 'cancelled') return;
  if (row.finished) throw new Refusal('replacement_finished', { replacementId: id, state: row.state });
  await end(tx, { id, brokenId: row.brokenId }, 'cancelled', { code: 'operation_cancelled', facts: { by } }, { by, reason });
}
