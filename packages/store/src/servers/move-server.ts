// The only way a server changes its state: asks the table, writes the state, tells of it.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Retirement } from '@rackwright/domain/retirement.ts';
import {
  type Actor,
  allowed,
  next,
  type ServerEvent,
  SERVING,
  type ServerState,
  workflowOf,
} from '@rackwright/domain/server-lifecycle/table.ts';
import { refuseWhilePasswordChanges, settlePasswordDoubt } from '../bmc-passwords/open-changes.ts';
import { type Database, type Sql } from '../database.ts';
import { forgetFindings, forgetNodeSignals } from '../health/note-findings.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { readServer, type ServerRecord } from './read-server.ts';

export type LockedServer = { id: ServerId; state: ServerState; version: number; serial: string | null };

/** What the caller saw last; `any` is the explicit opt-out. */
export type Expected = number | 'any';

/** Nobody else changes this server until the transaction ends. Refusal `not_found`. */
export async function lockServer(sql: Sql, id: ServerId): Promise<LockedServer> {
  const [row] = await sql.query<LockedServer>(
    'select id, state::text as state, version, serial from servers where id = $1 for no key update',
    [id],
  );
  if (!row) throw new Refusal('not_found', { kind: 'server', id });
  return row;
}

export function refuseOtherVersion(current: number, expected: Expected): void {
  if (expected !== 'any' && expected !== current) throw new Refusal('precondition_failed', { expected, current });
}

export type Move = {
  event: ServerEvent;
  actor: Actor;
  by: string;
  reason: string;
  operationId?: OperationId;
  /** Where the machine goes, when this retires it. */
  retiredAs?: Retirement | undefined;
};

/** Those whose Node is watched. */
const AS_NODE: ReadonlySet<string> = new Set([...SERVING, 'remediating'] satisfies ServerState[]);

/** @returns the new state. Refusal `not_allowed_in_state` {state, event}. The server must be locked by this transaction. */
export async function moveLocked(tx: Transaction, server: LockedServer, move: Move): Promise<ServerState> {
  const to = next(server.state, move.event);
  if (to === undefined || !allowed(server.state, move.actor).includes(move.event))
    throw new Refusal('not_allowed_in_state', { state: server.state, event: move.event });
  // Only a machine that was named can be on file.
  if (to === 'registered' && server.serial === null) throw new Refusal('conflicting_value', { constraint: 'servers_serial' });
  const [moved] = await tx.query<{ version: number }>(
    `update servers set state = $2::server_state, state_since = clock_timestamp(), version = version + 1, updated_at = clock_timestamp(),
            address = case when $2 = 'retired' then null else address end, retired_as = case when $2 = 'retired' then $3 end
      where id = $1 returning version`,
    [server.id, to, move.retiredAs ?? null],
  );
  if (to === 'retired') await forgetBmcCredentials(tx, server.id);
  if (isWellAgain(server.state, move.event, to)) await forgetFindings(tx, server.id);
  if (isNodeNoMore(server.state, move.event, to)) await forgetNodeSignals(tx, server.id);
  tx.emit({
    kind: 'server.moved',
    subject: { kind: 'server', id: server.id },
    serverId: server.id,
    operationId: move.operationId,
    version: moved?.version,
    payload: {
      from: server.state,
      to,
      event: move.event,
      by: move.by,
      reason: move.reason,
      ...(to === 'retired' ? { retiredAs: move.retiredAs ?? null } : {}),
    },
  });
  return to;
}

/** Somebody says so, a repair was validated, or it begins anew. */
function isWellAgain(from: ServerState, event: ServerEvent, to: ServerState): boolean {
  return event === 'recover' || to === 'available' || to === 'retired' || (from === 'validating' && event !== 'fail');
}

/** What was said of an earlier Node says nothing about the one that serves from now on, nor about a machine that is nobody's. */
function isNodeNoMore(from: ServerState, event: ServerEvent, to: ServerState): boolean {
  if (to === 'available' || to === 'retired') return true;
  return AS_NODE.has(to) && !AS_NODE.has(from) && !event.startsWith('keep');
}

/** Whoever gets the machine next shall not find our password of it anywhere. */
async function forgetBmcCredentials(tx: Transaction, id: ServerId): Promise<void> {
  await tx.query(
    'update server_bmcs set credentials_key_id = null, credentials_nonce = null, credentials_sealed = null where server_id = $1',
    [id],
  );
  await settlePasswordDoubt(tx, [id]);
}

/** Disks that we counted may hold what we wrote: such a machine leaves by the workflow that erases. */
async function refuseUnerased(tx: Transaction, id: ServerId): Promise<void> {
  const counted = await tx.query('select from accepted_hardware where server_id = $1', [id]);
  if (counted.length > 0) throw new Refusal('disks_may_hold_data', { serverId: id });
}

export type WhoMoves = Pick<Move, 'by' | 'reason' | 'retiredAs'>;

/** A move that runs no workflow. What leads into a working state is an operation: see operations/begin-operation.ts. */
export async function moveServer(
  tx: Transaction,
  id: ServerId,
  event: ServerEvent,
  expected: Expected,
  { by, reason, retiredAs }: WhoMoves,
): Promise<ServerRecord> {
  const server = await lockServer(tx, id);
  refuseOtherVersion(server.version, expected);
  const to = next(server.state, event);
  if (to !== undefined && workflowOf(to)) throw new Refusal('not_allowed_in_state', { state: server.state, event });
  if (to === 'retired') await refuseUnerased(tx, id);
  if (to === 'retired') await refuseWhilePasswordChanges(tx, id);
  await moveLocked(tx, server, { event, actor: 'operator', by, reason, retiredAs });
  return readServer(tx, id);
}

/** `moveServer` in a transaction of its own. */
export function servers(database: Database) {
  return {
    move: (id: ServerId, event: ServerEvent, expectedVersion: Expected, who: WhoMoves) =>
      inTransaction(database, (tx) => moveServer(tx, id, event, expectedVersion, who)),
  };
}
