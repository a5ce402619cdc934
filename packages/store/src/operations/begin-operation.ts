// Begins an operation: the move, the operation, the lease and the events, or nothing.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { type ErrandName, ERRANDS, mayRunErrand, type RunName } from '@rackwright/domain/server-lifecycle/errands.ts';
import { next, workflowOf } from '@rackwright/domain/server-lifecycle/table.ts';
import { refuseWhilePasswordChanges } from '../bmc-passwords/open-changes.ts';
import type { Sql } from '../database.ts';
import { touchServer } from '../ports/postgres-servers.ts';
import { type LockedServer, lockServer, moveLocked } from '../servers/move-server.ts';
import type { Transaction } from '../transaction.ts';

export type BeginOperation = {
  serverId: ServerId;
  /** The event of the life-cycle table that leads into the working state. */
  event: 'onboard' | 'provision' | 'reimage' | 'remediate' | 'release' | 'retire' | 'isolate' | 'validate';
  params: Record<string, unknown>;
  requestedBy: string;
  reason: string;
};

/**
 * Refusals: `not_found`, `operation_in_progress` {operationId}, `server_held`, `not_allowed_in_state` {state, event}.
 * Whoever called wakes the operation after the commit; a lost wake-up is found by the sweep.
 */
export async function beginOperation(tx: Transaction, id: OperationId, request: BeginOperation): Promise<void> {
  const { serverId, event, requestedBy, reason } = request;
  const server = await lockIdleServer(tx, serverId);
  const to = next(server.state, event);
  const workflow = to && workflowOf(to);
  if (!workflow) throw new Refusal('not_allowed_in_state', { state: server.state, event });
  if (server.state === 'in_repair' && event !== 'isolate') await refuseUnderHands(tx, serverId);
  const params = await withOrigin(tx, server, request);
  await moveLocked(tx, server, { event, actor: 'operator', by: requestedBy, reason, operationId: id });

  await writeOperation(tx, id, { ...request, params }, workflow);
}

export type BeginErrand = Omit<BeginOperation, 'event'> & { errand: ErrandName };

/** The same for what leaves the server's state as it is. Refusals as for `beginOperation`. */
export async function beginErrand(tx: Transaction, id: OperationId, request: BeginErrand): Promise<void> {
  const { serverId, errand } = request;
  const server = await lockIdleServer(tx, serverId);
  if (!mayRunErrand(errand, server.state)) throw new Refusal('not_allowed_in_state', { state: server.state, event: errand });
  await touchServer(tx, serverId, { operation: id });
  await writeOperation(tx, id, request, { name: errand, limitMinutes: ERRANDS[errand].limitMinutes });
}

/** A technician's hands are in it: nobody powers it. The order's own end moves the order first. */
async function refuseUnderHands(tx: Transaction, serverId: ServerId): Promise<void> {
  const [order] = await tx.query<{ id: string }>(
    `select id from work_orders where server_id = $1 and state in ('safe', 'in_progress') limit 1`,
    [serverId],
  );
  if (order)
    throw new Refusal('server_held', { holder: `work order ${order.id}`, until: 'it is finished, blocked, cancelled or closed' });
}

async function lockIdleServer(tx: Transaction, serverId: ServerId): Promise<LockedServer> {
  const server = await lockServer(tx, serverId);
  const [running] = await tx.query<{ id: string }>(`select id from operations where server_id = $1 and state = 'running'`, [
    serverId,
  ]);
  if (running) throw new Refusal('operation_in_progress', { operationId: running.id });
  await refuseWhilePasswordChanges(tx, serverId);
  return server;
}

type Asked = Pick<BeginOperation, 'serverId' | 'params' | 'requestedBy' | 'reason'>;

/** With its lease and its event. */
async function writeOperation(
  tx: Transaction,
  id: OperationId,
  { serverId, params, requestedBy, reason }: Asked,
  { name, limitMinutes }: { name: RunName; limitMinutes: number },
): Promise<void> {
  await tx.query(
    `insert into operations (id, type, server_id, params, requested_by, reason, deadline_at, wake_at)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(mins => $7), clock_timestamp())`,
    [id, name, serverId, JSON.stringify(params), requestedBy, reason, limitMinutes],
  );
  await takeLease(tx, serverId, id, name);
  tx.emit({
    kind: 'operation.started',
    subject: { kind: 'operation', id },
    serverId,
    operationId: id,
    payload: { type: name, requestedBy, reason },
  });
}

/**
 * A repair remembers from where the server was taken out, through every repetition: only what served goes back into service. Quarantine
 * after a failed repair is no place that it came from.
 */
async function withOrigin(
  tx: Transaction,
  { id, state }: LockedServer,
  { event, params }: BeginOperation,
): Promise<BeginOperation['params']> {
  if (event !== 'isolate' && event !== 'validate') return params;
  const [last] = await tx.query<{ cameFrom: string | null }>(
    `select params->>'cameFrom' as "cameFrom" from operations where server_id = $1 order by created_at desc, id desc limit 1`,
    [id],
  );
  const goesOn = state === 'in_repair' || state === 'quarantined';
  return { ...params, cameFrom: (goesOn ? last?.cameFrom : null) ?? state };
}

/** A lease that ran out belonged to an operation that no longer exists as running: the running one would have prolonged it. */
async function takeLease(tx: Transaction, serverId: ServerId, operationId: OperationId, reason: string): Promise<void> {
  const taken = await tx.query(
    `insert into server_leases (server_id, operation_id, reason, expires_at)
     select server_id, id, $3, deadline_at + interval '1 day' from operations where id = $2 and server_id = $1
     on conflict (server_id) do update
       set operation_id = excluded.operation_id, holder = null, reason = excluded.reason, acquired_at = now(), expires_at = excluded.expires_at
       where server_leases.expires_at < now()
     returning server_id`,
    [serverId, operationId, reason],
  );
  if (taken.length === 0) throw await refusalNamingHolder(tx, serverId);
}

/** Only the operation that holds the server may power it and change what it boots: Refusal `operation_in_progress`. */
export async function refuseWithoutLease(sql: Sql, serverId: ServerId, operationId: OperationId): Promise<void> {
  const held = await sql.query('select from server_leases where server_id = $1 and operation_id = $2 and expires_at > now()', [
    serverId,
    operationId,
  ]);
  if (held.length === 0) throw await refusalNamingHolder(sql, serverId);
}

/** Refusal `operation_in_progress`. */
export async function refusalNamingHolder(sql: Sql, serverId: ServerId): Promise<Refusal> {
  const [holder] = await sql.query<{ operationId: string }>(
    'select coalesce(operation_id, holder) as "operationId" from server_leases where server_id = $1',
    [serverId],
  );
  return new Refusal('operation_in_progress', { operationId: holder?.operationId ?? 'none' });
}
