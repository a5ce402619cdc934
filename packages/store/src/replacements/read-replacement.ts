// Replacements as they stand: which spare for which broken server, why this one, how far, and what is waited for.
import type { DrainPolicy } from '@rackwright/domain/drain.ts';
import { type Facts, Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterId, OperationId, ReplacementId, ServerId, WorkOrderId } from '@rackwright/domain/ids.ts';
import type { ReplacementOrder, ReplacementState, TakesOutBy } from '@rackwright/domain/placement/advance-replacement.ts';
import type { SpareChoice } from '@rackwright/domain/placement/choose-spare.ts';
import type { WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import type { Sql } from '../database.ts';

/** What the broken one had, and the spare gets. */
export type Install = { clusterId: ClusterId | null; imageDigest: string; nodeLabels: Record<string, string> };

/** The choice as it was made: at most twenty of those that were passed over, and how many there were. */
export type KeptChoice = SpareChoice & { passedOverCount: number };

export type ReplacementRecord = {
  id: ReplacementId;
  broken: { id: ServerId; name: string };
  spare: { id: ServerId; name: string } | null;
  order: ReplacementOrder;
  state: ReplacementState;
  spareOperationId: OperationId | null;
  brokenOperationId: OperationId | null;
  /** Every spare that was taken, the current one last. */
  tried: ServerId[];
  install: Install;
  drain: DrainPolicy | null;
  takesOutBy: TakesOutBy;
  /** Opened at the end, where it is to be repaired. */
  workOrderId: WorkOrderId | null;
  choice: KeptChoice;
  requestedBy: string;
  reason: string;
  waitingFor: WaitingFor | null;
  error: { code: string; facts: Facts } | null;
  createdAt: string;
  stateSince: string;
  finishedAt: string | null;
  deadlineAt: string;
};

/** Ends before `where`; the alias is p. */
export const SELECT_REPLACEMENT = `
  select p.id, jsonb_build_object('id', s.id, 'name', s.name) as broken,
         case when t.id is not null then jsonb_build_object('id', t.id, 'name', t.name) end as spare,
         p.replacement_order as order, p.state, p.spare_operation_id as "spareOperationId",
         p.broken_operation_id as "brokenOperationId", p.tried, p.install, p.drain, p.takes_out_by as "takesOutBy",
         p.work_order_id as "workOrderId", p.choice, p.requested_by as "requestedBy",
         p.reason, p.waiting_for as "waitingFor", p.error, p.created_at as "createdAt", p.state_since as "stateSince",
         p.finished_at as "finishedAt", p.deadline_at as "deadlineAt"
    from replacements p join servers s on s.id = p.broken_server_id left join servers t on t.id = p.spare_server_id`;

/** Refusal `not_found`. */
export async function readReplacement(sql: Sql, id: ReplacementId): Promise<ReplacementRecord> {
  const [row] = await sql.query<ReplacementRecord>(`${SELECT_REPLACEMENT} where p.id = $1`, [id]);
  if (!row) throw new Refusal('not_found', { kind: 'replacement', id });
  return row;
}

const MOST_KEPT = 20;

export function keptChoice({ chosen, passedOver }: SpareChoice): KeptChoice {
  return { chosen, passedOver: passedOver.slice(0, MOST_KEPT), passedOverCount: passedOver.length };
}
