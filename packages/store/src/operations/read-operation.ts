// Operations as the API shows them: what was asked, how far it is, what it waits for.
import { type Facts, Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import type { Sql } from '../database.ts';
import { instantSql } from '../instant-sql.ts';

export type OperationError = { kind: string; code: string; message: string; retry: string; facts: Facts };

export type StepView = {
  name: string;
  state: string;
  attempt: number;
  startedAt: string;
  deadlineAt: string;
  updatedAt: string;
  error: OperationError | null;
};

export type OperationRecord = {
  id: OperationId;
  /** The workflow's name. */
  type: string;
  serverId: ServerId;
  state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  params: Record<string, unknown>;
  requestedBy: string;
  reason: string;
  createdAt: string;
  finishedAt: string | null;
  deadlineAt: string;
  waitingFor: WaitingFor | null;
  cancelRequested: boolean;
  error: OperationError | null;
  steps: StepView[];
};

/** Ends before `where`; the alias is o. */
export const SELECT_OPERATION = `
  select o.id, o.type, o.server_id as "serverId", o.state::text as state, o.params, o.requested_by as "requestedBy", o.reason,
         o.created_at as "createdAt", o.finished_at as "finishedAt", o.deadline_at as "deadlineAt", case when o.run_until is null or o.run_until < now() then o.waiting_for end as "waitingFor",
         o.cancel_requested as "cancelRequested", coalesce(o.error, o.failing) as error,
         coalesce((select jsonb_agg(jsonb_build_object(
                            'name', p.name, 'state', p.state, 'attempt', p.attempt, 'startedAt', ${instantSql('p.started_at')},
                            'deadlineAt', ${instantSql('p.deadline_at')}, 'updatedAt', ${instantSql('p.updated_at')}, 'error', p.error)
                          order by p.position)
                     from operation_steps p where p.operation_id = o.id), '[]') as steps
    from operations o`;

/** Refusal `not_found`. */
export async function readOperation(sql: Sql, id: OperationId): Promise<OperationRecord> {
  const [row] = await sql.query<OperationRecord>(`${SELECT_OPERATION} where o.id = $1`, [id]);
  if (!row) throw new Refusal('not_found', { kind: 'operation', id });
  return row;
}
