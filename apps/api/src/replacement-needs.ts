// Replacements as the API needs them; the store fits itself to it.
import type { DrainPolicy } from '@rackwright/domain/drain.ts';
import type { Facts } from '@rackwright/domain/errors.ts';
import type { ClusterId, OperationId, ReplacementId, ServerId, WorkOrderId } from '@rackwright/domain/ids.ts';
import type { ReplacementOrder, ReplacementState, TakesOutBy } from '@rackwright/domain/placement/advance-replacement.ts';
import type { SpareChoice } from '@rackwright/domain/placement/choose-spare.ts';
import type { Page, PageRequest } from './collection-needs.ts';
import type { OperationRecord } from './records.ts';

export type Install = { clusterId: ClusterId | null; imageDigest: string; nodeLabels: Record<string, string> };
export type ReplacementRequest = {
  serverId: ServerId;
  order: ReplacementOrder;
  spareId?: ServerId | undefined;
  imageDigest?: string | undefined;
  drain?: DrainPolicy | undefined;
  takesOutBy?: TakesOutBy | undefined;
};
export type ReplacementPlan = { install: Install; choice: SpareChoice; takesOut: boolean };
export type ReplacementRecord = {
  id: ReplacementId;
  broken: { id: ServerId; name: string };
  spare: { id: ServerId; name: string } | null;
  order: ReplacementOrder;
  state: ReplacementState;
  spareOperationId: OperationId | null;
  brokenOperationId: OperationId | null;
  tried: ServerId[];
  install: Install;
  drain: DrainPolicy | null;
  takesOutBy: TakesOutBy;
  workOrderId: WorkOrderId | null;
  choice: SpareChoice & { passedOverCount: number };
  requestedBy: string;
  reason: string;
  waitingFor: OperationRecord['waitingFor'];
  error: { code: string; facts: Facts } | null;
  createdAt: string;
  stateSince: string;
  finishedAt: string | null;
  deadlineAt: string;
};

export interface Replacements {
  /** Writes nothing. Refusal `nothing_installed`. */
  plan(request: ReplacementRequest): Promise<ReplacementPlan>;
  /**
   * Spare first: its installation is begun in the same transaction, and the operation is to be woken. Refusals `nothing_installed`,
   * `no_spare`, `replacement_in_progress`.
   */
  begin(
    id: ReplacementId,
    request: ReplacementRequest,
    who: { requestedBy: string; reason: string },
  ): Promise<{ replacement: ReplacementRecord; operationId: OperationId | undefined }>;
  get(id: ReplacementId): Promise<ReplacementRecord>;
  list(
    page: PageRequest,
    filter: { serverId?: ServerId | undefined; state?: ReplacementState | undefined },
  ): Promise<Page<ReplacementRecord>>;
  /** Nothing more is begun. Refusal `replacement_finished`. May be repeated. */
  cancel(id: ReplacementId, by: string, reason: string): Promise<ReplacementRecord>;
}
