// Opens a work order: once per server and cause, whoever asks and however often.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { PartKind } from '@rackwright/domain/hardware/judge-repair.ts';
import type { ServerId, WorkOrderId } from '@rackwright/domain/ids.ts';
import type { BurnIn } from '@rackwright/domain/work-orders/burn-in.ts';
import { newId } from '../new-id.ts';
import { lockServer } from '../servers/move-server.ts';
import type { Transaction } from '../transaction.ts';

export type NewWorkOrder = {
  serverId: ServerId;
  /** One line for people; while an order of this server with the same cause is not over, no second one is opened. */
  cause: string;
  part?: { kind: PartKind; slot?: string | null | undefined; oldSerial?: string | null | undefined } | undefined;
  assignee?: string | null | undefined;
  notes?: string | undefined;
  /** `short` unless told. */
  burnIn?: BurnIn | undefined;
  /** A person, or the policy that opens it. */
  openedBy: string;
};

/** @returns the order, and whether it is a new one. Refusals `not_found`, `not_allowed_in_state` for a server that is retired. */
export async function openWorkOrder(
  tx: Transaction,
  order: NewWorkOrder,
  id: WorkOrderId = newId('work_order'),
): Promise<{ id: WorkOrderId; opened: boolean }> {
  const { serverId, cause, part, assignee = null, notes = '', burnIn = 'short', openedBy } = order;
  // Locked: of two who ask at the same moment the second one finds the first one's.
  const { state } = await lockServer(tx, serverId);
  if (state === 'retired') throw new Refusal('not_allowed_in_state', { state, event: 'open a work order' });
  const [known] = await tx.query<{ id: WorkOrderId }>(
    `select id from work_orders where server_id = $1 and cause = $2 and state not in ('closed', 'cancelled')`,
    [serverId, cause],
  );
  if (known) return { id: known.id, opened: false };
  await tx.query(
    `insert into work_orders (id, server_id, cause, state, part_kind, part_slot, old_part_serial, assignee, notes, burn_in, opened_by)
     values ($1, $2, $3, case when $7::text is null then 'open' else 'assigned' end, $4, $5, $6, $7, $8, $9, $10)`,
    [id, serverId, cause, part?.kind ?? 'other', part?.slot ?? null, part?.oldSerial ?? null, assignee, notes, burnIn, openedBy],
  );
  const subject = { kind: 'work_order' as const, id };
  tx.emit({ kind: 'work_order.opened', subject, serverId, version: 1, payload: { cause, assignee, by: openedBy } });
  return { id, opened: true };
}
