// The only way a work order changes its state: asks the table, writes what comes with the move, tells of it.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId, WorkOrderId } from '@rackwright/domain/ids.ts';
import {
  isOver,
  nextOfWorkOrder,
  WORK_ORDER_MOVES,
  type WorkOrderEvent,
  type WorkOrderState,
} from '@rackwright/domain/work-orders/table.ts';
import { type Expected, refuseOtherVersion } from '../servers/move-server.ts';
import type { Transaction } from '../transaction.ts';

export type LockedOrder = {
  id: WorkOrderId;
  serverId: ServerId;
  state: WorkOrderState;
  assignee: string | null;
  version: number;
};

/** Nobody else changes it until the transaction ends. Refusals `not_found`, `precondition_failed`. */
export async function lockWorkOrder(tx: Transaction, id: WorkOrderId, expected: Expected): Promise<LockedOrder> {
  const [order] = await tx.query<LockedOrder>(
    `select id, server_id as "serverId", state, assignee, version from work_orders where id = $1 for no key update`,
    [id],
  );
  if (!order) throw new Refusal('not_found', { kind: 'work_order', id });
  refuseOtherVersion(order.version, expected);
  return order;
}

const COLUMNS = {
  assignee: 'assignee',
  notes: 'notes',
  reason: 'reason',
  problem: 'problem::jsonb',
  outcome: 'outcome',
  burnIn: 'burn_in',
  newPartSerials: 'new_part_serials::text[]',
  operationId: 'operation_id',
  validation: 'validation::jsonb',
  powerWord: 'power_word::jsonb',
  attempts: 'attempts::int',
} as const;
type Written = Partial<Record<keyof typeof COLUMNS, unknown>>;

export type OrderMove = {
  event: WorkOrderEvent;
  /** Who did it, for the timeline. */
  by: string;
  /** The technician who says so: an assignee's move is made by nobody else. */
  person?: string | undefined;
  /** Columns to write with it. */
  write?: Written;
  operationId?: OperationId | undefined;
};

/** Refusals `work_order_not_allowed` {state, action}, `work_order_not_yours` {assignee, person}. */
export async function moveWorkOrder(tx: Transaction, order: LockedOrder, move: OrderMove): Promise<WorkOrderState> {
  const { event, by, person, write = {}, operationId } = move;
  const to = nextOfWorkOrder(order.state, event);
  if (to === undefined) throw new Refusal('work_order_not_allowed', { state: order.state, action: event });
  refuseOthers(order, event, person);
  const values: unknown[] = [order.id, to];
  const sets = Object.entries(write).map(([member, value]) => {
    const [column, cast] = COLUMNS[member as keyof Written].split('::');
    const place = values.push(cast === 'jsonb' && value !== null ? JSON.stringify(value) : value);
    return `, ${column} = $${place}${cast ? `::${cast}` : ''}`;
  });
  const [moved] = await tx.query<{ version: number }>(
    `update work_orders set state = $2, version = version + 1, updated_at = clock_timestamp(),
            closed_at = ${isOver(to) ? 'clock_timestamp()' : 'null'}${sets.join('')}
      where id = $1 returning version`,
    values,
  );
  tx.emit({
    kind: 'work_order.moved',
    subject: { kind: 'work_order', id: order.id },
    serverId: order.serverId,
    operationId,
    version: moved?.version,
    payload: { from: order.state, to, event, by, ...(person === undefined ? {} : { person }), ...told(write) },
  });
  return to;
}

function refuseOthers({ state, assignee }: LockedOrder, event: WorkOrderEvent, person: string | undefined): void {
  const by = WORK_ORDER_MOVES.find(([from, on]) => from === state && on === event)?.[3];
  const same = person !== undefined && assignee !== null && person.trim().toLowerCase() === assignee.trim().toLowerCase();
  if (by === 'assignee' && !same)
    throw new Refusal('work_order_not_yours', { assignee: assignee ?? 'nobody', person: person ?? '' });
}

const TOLD = ['assignee', 'reason', 'outcome', 'newPartSerials', 'attempts', 'problem'] as const;
const told = (write: Written) => Object.fromEntries(TOLD.flatMap((name) => (name in write ? [[name, write[name]]] : [])));
