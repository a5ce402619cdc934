// The end of an operation: its state, the server's move, the lease, the tickets and the events, in one transaction.
import { disksNotErased, type DiskProof } from '@rackwright/domain/erasure.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { Retirement } from '@rackwright/domain/retirement.ts';
import { isErrand, type RunName } from '@rackwright/domain/server-lifecycle/errands.ts';
import { next, type ServerEvent, type ServerState, wayBack } from '@rackwright/domain/server-lifecycle/table.ts';
import type { StoredError } from '@rackwright/workflow-engine/step-log.ts';
import { touchServer } from '../ports/postgres-servers.ts';
import { openUndoIncident } from './undo-incidents.ts';
import { lockServer, moveLocked } from '../servers/move-server.ts';
import type { Transaction } from '../transaction.ts';
import { whereRepairedGoes } from '../work-orders/where-repaired-goes.ts';
import { closeOrdersOfRetired, followWorkOrder } from '../work-orders/follow-operation.ts';

export type Ending = { event: ServerEvent; error: StoredError | null };
type Ended = { operationId: OperationId; serverId: ServerId; workflow: RunName };

/** The operation must be locked, and running. */
export async function endOperation(tx: Transaction, ended: Ended, wanted: Ending): Promise<void> {
  const { operationId, serverId } = ended;
  const server = await lockServer(tx, serverId);
  const { event, error } = isErrand(ended.workflow) ? wanted : await believedEnding(tx, ended, server.state, wanted);
  const state = error === null ? 'succeeded' : error.code === 'operation_cancelled' ? 'cancelled' : 'failed';

  await tx.query(
    `update operations
        set state = $2::operation_state, finished_at = clock_timestamp(), error = $3,
            wake_at = null, run_by = null, run_until = null, waiting_for = null
      where id = $1`,
    [operationId, state, error === null ? null : JSON.stringify(error)],
  );
  if (error !== null) await openUndoIncident(tx, ended);
  await closeTickets(tx, ended);
  await tx.query('delete from server_leases where server_id = $1 and operation_id = $2', [serverId, operationId]);
  const reason = error === null ? '' : error.code;
  const retiredAs = await retirementOf(tx, operationId);
  if (isErrand(ended.workflow)) await touchServer(tx, serverId, { operation: null });
  const to = isErrand(ended.workflow)
    ? server.state
    : await moveLocked(tx, server, { event, actor: 'workflow', by: 'workflow', reason, operationId, retiredAs });
  await followWorkOrder(tx, operationId, error);
  if (to === 'retired' && retiredAs !== undefined) await closeOrdersOfRetired(tx, serverId, retiredAs);
  tx.emit({
    kind: 'operation.ended',
    subject: { kind: 'operation', id: operationId },
    serverId,
    operationId,
    payload: { state, serverState: to, ...(error ? { code: error.code } : {}) },
  });
}

async function believedEnding(tx: Transaction, ended: Ended, state: ServerState, wanted: Ending): Promise<Ending> {
  const proven = await refuseUnlessErased(tx, ended, state, await keepOnlyWhatItWas(tx, ended, state, wanted));
  const repaired = state === 'validating' && proven.error === null;
  return repaired ? { ...proven, event: await whereRepairedGoes(tx, ended) } : proven;
}

const ERASING = new Set<string>(['releasing', 'retiring'] satisfies ServerState[]);

/** What a workflow says is not believed here: with evidence for each disk a server is `available` or `retired` again, or not at all. */
async function refuseUnlessErased(
  tx: Transaction,
  { operationId, serverId }: Ended,
  state: string,
  wanted: Ending,
): Promise<Ending> {
  if (!ERASING.has(state) || wanted.event !== 'finish') return wanted;
  const [hardware] = await tx.query<{ inspection: Inspection }>('select inspection from accepted_hardware where server_id = $1', [
    serverId,
  ]);
  const evidence = await tx.query<{ evidence: DiskProof }>(
    'select evidence from erasures where operation_id = $1 and server_id = $2',
    [operationId, serverId],
  );
  const missing = hardware
    ? disksNotErased(
        hardware.inspection,
        evidence.map((row) => row.evidence),
      )
    : ['every disk: none was ever counted'];
  if (missing.length === 0) return wanted;
  const serials = missing.join(', ');
  const message = `no good evidence that these were erased: ${serials}`;
  return { event: 'fail', error: { kind: 'refusal', code: 'disks_not_erased', message, retry: 'never', facts: { serials } } };
}

/**
 * `keep` leads back to where the operation found the server, and nowhere else: what was in quarantine does not become a node in service,
 * and what an earlier attempt half installed does not become available.
 */
async function keepOnlyWhatItWas(tx: Transaction, ended: Ended, state: ServerState, wanted: Ending): Promise<Ending> {
  if (wanted.event !== 'keep') return wanted;
  const [began] = await tx.query<{ from: ServerState }>(
    `select payload->>'from' as from from events where server_id = $1 and operation_id = $2 and kind = 'server.moved' order by seq limit 1`,
    [ended.serverId, ended.operationId],
  );
  const event = began && wayBack(state, began.from);
  if (event === undefined) return { ...wanted, event: 'fail' };
  // Nothing of it was used yet; an available server belongs to nobody.
  if (next(state, event) === 'available')
    await tx.query('delete from allocations where server_id = $1 and operation_id = $2', [ended.serverId, ended.operationId]);
  return { ...wanted, event };
}

/** Where the request said that the machine goes; undefined for other operations. */
async function retirementOf(tx: Transaction, operationId: OperationId): Promise<Retirement | undefined> {
  const [row] = await tx.query<{ outcome: Retirement }>(
    `select params->>'outcome' as outcome from operations where id = $1 and type = 'retire-server'`,
    [operationId],
  );
  return row?.outcome;
}

async function closeTickets(tx: Transaction, { operationId, serverId }: Ended): Promise<void> {
  const closed = await tx.query<{ id: TicketId }>(
    'update boot_tickets set closed_at = clock_timestamp() where operation_id = $1 and closed_at is null returning id',
    [operationId],
  );
  for (const { id } of closed) tx.emit({ kind: 'ticket.closed', subject: { kind: 'ticket', id }, serverId, operationId });
}
