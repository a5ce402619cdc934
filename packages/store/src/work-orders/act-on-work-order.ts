// What people do to a work order: each action is one transaction, refused when somebody else was faster.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { DrainPolicy } from '@rackwright/domain/drain.ts';
import type { OperationId, ServerId, WorkOrderId } from '@rackwright/domain/ids.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import type { BurnIn } from '@rackwright/domain/work-orders/burn-in.ts';
import { judgeSafeToPull } from '@rackwright/domain/work-orders/safe-to-pull.ts';
import { REPAIR_LOOP, type WorkOrderOutcome } from '@rackwright/domain/work-orders/table.ts';
import { closeIncident } from '../incidents/open-incident.ts';
import { beginOperation } from '../operations/begin-operation.ts';
import { type Expected, lockServer } from '../servers/move-server.ts';
import type { Transaction } from '../transaction.ts';
import { loopKey } from './follow-operation.ts';
import { type LockedOrder, lockWorkOrder, moveWorkOrder } from './move-work-order.ts';
import { readWorkOrder } from './read-work-order.ts';

/** `person` is the technician who stands there; `operationId` is given to what it begins. */
export type WorkOrderAction =
  | { do: 'assign'; assignee: string }
  | { do: 'arrive'; person: string }
  | { do: 'drain'; person: string; drain?: DrainPolicy | undefined; keepNode: boolean; operationId: OperationId }
  | { do: 'confirm_off'; person: string; evidence: string }
  | { do: 'start'; person: string }
  | {
      do: 'finish';
      person: string;
      newPartSerials: string[];
      notes?: string | undefined;
      burnIn?: BurnIn | undefined;
      operationId: OperationId;
    }
  | { do: 'block'; person?: string | undefined; reason: string }
  | { do: 'cancel'; reason: string }
  | { do: 'close'; outcome: WorkOrderOutcome; reason: string };

/**
 * @returns whether it began an operation, to be woken after the commit. Refusals `precondition_failed`, `work_order_not_allowed`,
 * `work_order_not_yours`, `not_safe_to_pull`, `server_not_back`, and those of `beginOperation`.
 */
export async function actOnWorkOrder(
  tx: Transaction,
  id: WorkOrderId,
  expected: Expected,
  action: WorkOrderAction,
  by: string,
): Promise<{ began: OperationId | undefined }> {
  const serverId = await serverOfOrder(tx, id);
  // Before the order, as the end of an operation locks them.
  const server = await lockServer(tx, serverId);
  const order = await lockWorkOrder(tx, id, expected);
  switch (action.do) {
    case 'drain':
      return drain(tx, order, action, by);
    case 'finish':
      return finish(tx, order, action, by);
    case 'confirm_off':
      await confirmOff(tx, order, action, by);
      break;
    case 'start':
      await moveWorkOrder(tx, order, { event: 'start', by, person: action.person });
      await refuseUnsafe(tx, order);
      break;
    case 'close':
      if (action.outcome === 'repaired') refuseWhileAway(server.state);
      await moveWorkOrder(tx, order, { event: 'close', by, write: { outcome: action.outcome, reason: action.reason } });
      break;
    default:
      await moveWorkOrder(tx, order, { event: action.do, by, ...plainMove(action) });
  }
  if (action.do === 'close' || action.do === 'cancel') await endLoop(tx, serverId);
  return { began: undefined };
}

/** Unless another order of the server has come as far: the incident is the server's, whichever order it tells of. */
async function endLoop(tx: Transaction, serverId: ServerId): Promise<void> {
  const others = await tx.query(
    `select from work_orders where server_id = $1 and state not in ('closed', 'cancelled') and attempts >= $2 limit 1`,
    [serverId, REPAIR_LOOP],
  );
  if (others.length === 0) await closeIncident(tx, loopKey(serverId), 'Its work order is over.');
}

export async function serverOfOrder(tx: Transaction, id: WorkOrderId): Promise<ServerId> {
  const [row] = await tx.query<{ serverId: ServerId }>('select server_id as "serverId" from work_orders where id = $1', [id]);
  if (!row) throw new Refusal('not_found', { kind: 'work_order', id });
  return row.serverId;
}

function plainMove(action: Extract<WorkOrderAction, { do: 'assign' | 'arrive' | 'block' | 'cancel' }>) {
  switch (action.do) {
    case 'assign':
      return { write: { assignee: action.assignee, reason: null } };
    case 'arrive':
      return { person: action.person };
    case 'block':
      return { person: action.person, write: { reason: action.reason } };
    case 'cancel':
      return { write: { reason: action.reason } };
  }
}

async function drain(tx: Transaction, order: LockedOrder, action: Extract<WorkOrderAction, { do: 'drain' }>, by: string) {
  const { person, drain: policy, keepNode, operationId } = action;
  const write = { operationId, problem: null, powerWord: null };
  await moveWorkOrder(tx, order, { event: 'drain', by, person, write, operationId });
  await beginOperation(tx, operationId, {
    serverId: order.serverId,
    event: 'isolate',
    params: { ...(policy === undefined ? {} : { drain: policy }), keepNode, workOrderId: order.id },
    requestedBy: by,
    reason: `work order ${order.id}, ${person}`,
  });
  return { began: operationId };
}

async function finish(tx: Transaction, order: LockedOrder, action: Extract<WorkOrderAction, { do: 'finish' }>, by: string) {
  const { person, newPartSerials, notes, burnIn, operationId } = action;
  const { part, burnIn: asOpened } = await readWorkOrder(tx, order.id);
  const written = { operationId, newPartSerials, problem: null, validation: null };
  const asked = { ...(notes === undefined ? {} : { notes }), ...(burnIn === undefined ? {} : { burnIn }) };
  await moveWorkOrder(tx, order, { event: 'finish', by, person, operationId, write: { ...written, ...asked } });
  const replaced = { kind: part.kind, oldSerial: part.oldSerial, newSerials: newPartSerials };
  await beginOperation(tx, operationId, {
    serverId: order.serverId,
    event: 'validate',
    params: { burnIn: burnIn ?? asOpened, replaced, workOrderId: order.id },
    requestedBy: by,
    reason: `work order ${order.id}, ${person}`,
  });
  return { began: operationId };
}

/** A named person's word counts only while its BMC says nothing; should the BMC speak again, it is believed. */
async function confirmOff(
  tx: Transaction,
  order: LockedOrder,
  { person, evidence }: Extract<WorkOrderAction, { do: 'confirm_off' }>,
  by: string,
): Promise<void> {
  if (order.state !== 'safe' && order.state !== 'in_progress')
    throw new Refusal('work_order_not_allowed', { state: order.state, action: 'confirm_off' });
  const word = { person, evidence, at: new Date().toISOString() };
  const [changed] = await tx.query<{ version: number }>(
    'update work_orders set power_word = $2, version = version + 1, updated_at = clock_timestamp() where id = $1 returning version',
    [order.id, JSON.stringify(word)],
  );
  tx.emit({
    kind: 'work_order.updated',
    subject: { kind: 'work_order', id: order.id },
    serverId: order.serverId,
    version: changed?.version,
    payload: { changed: { powerWord: word }, by },
  });
}

async function refuseUnsafe(tx: Transaction, { id }: LockedOrder): Promise<void> {
  const { state, power, powerWord } = await readWorkOrder(tx, id);
  const judged = judgeSafeToPull(state, power, powerWord, Date.now());
  if (judged.safe) return;
  const facts = { because: judged.because, power: power?.power ?? 'unknown', seenAt: power?.at ?? 'never' };
  throw new Refusal('not_safe_to_pull', facts);
}

const AWAY: readonly ServerState[] = ['isolating', 'in_repair', 'validating'];

function refuseWhileAway(state: ServerState): void {
  if (AWAY.includes(state)) throw new Refusal('server_not_back', { state });
}
