// Work orders as the API reads and moves them; the store gives and takes them in this form.
import type { PowerState } from '@rackwright/domain/bmc.ts';
import type { DrainPolicy } from '@rackwright/domain/drain.ts';
import type { RemovalEvidence } from '@rackwright/domain/erasure.ts';
import type { Facts } from '@rackwright/domain/errors.ts';
import type { PartKind } from '@rackwright/domain/hardware/judge-repair.ts';
import type { OperationId, RackId, ServerId, SiteId, WorkOrderId } from '@rackwright/domain/ids.ts';
import type { Face } from '@rackwright/domain/server.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import type { BurnIn, BurnInTest } from '@rackwright/domain/work-orders/burn-in.ts';
import type { WorkOrderOutcome, WorkOrderState } from '@rackwright/domain/work-orders/table.ts';
import type { Expected, Page, PageRequest, Stamps } from './collection-needs.ts';

export type WorkOrderRecord = Stamps & {
  id: WorkOrderId;
  cause: string;
  state: WorkOrderState;
  part: { kind: PartKind; slot: string | null; oldSerial: string | null; newSerials: string[] };
  assignee: string | null;
  notes: string;
  reason: string | null;
  problem: { code: string; facts: Facts; operationId: OperationId; at: string } | null;
  outcome: WorkOrderOutcome | null;
  attempts: number;
  burnIn: BurnIn;
  operationId: OperationId | null;
  validation: { tests: BurnInTest[] } | null;
  openedBy: string;
  closedAt: string | null;
  power: { power: PowerState | null; silentBecause: string | null; at: string } | null;
  powerWord: { person: string; evidence: string; at: string } | null;
  ledLit: boolean | null;
  server: {
    id: ServerId;
    name: string;
    serial: string | null;
    assetTag: string | null;
    state: ServerState;
    siteId: SiteId;
    siteName: string;
    rackId: RackId | null;
    rackName: string | null;
    uPosition: number | null;
    uHeight: number;
    face: Face;
    /** Of a blade: where in the rack the hand has to go. */
    enclosureName: string | null;
    slot: number | null;
  };
};

export type NewWorkOrder = {
  serverId: ServerId;
  cause: string;
  part: { kind: PartKind; slot: string | null; oldSerial: string | null };
  assignee: string | null;
  notes: string;
  burnIn: BurnIn;
  openedBy: string;
};

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

export type WorkOrderFilter = {
  serverId?: ServerId | undefined;
  state?: WorkOrderState | undefined;
  assignee?: string | undefined;
  open?: boolean | undefined;
};

/** Each throws Refusal `not_found`; what changes one also `precondition_failed`, `work_order_not_allowed`, `work_order_not_yours`. */
export interface WorkOrders {
  get(id: WorkOrderId): Promise<WorkOrderRecord>;
  list(page: PageRequest, filter: WorkOrderFilter): Promise<Page<WorkOrderRecord>>;
  /** The one that is open for this server and cause already, or a new one. */
  open(id: WorkOrderId, order: NewWorkOrder): Promise<{ order: WorkOrderRecord; opened: boolean }>;
  /** Refusal `wrong_machine_scanned`, which is kept in the timeline. */
  verify(id: WorkOrderId, expected: Expected, scan: { person: string; scan: string; by: string }): Promise<WorkOrderRecord>;
  /** `began`: the operation to wake. Refusals `not_safe_to_pull`, `server_not_back`, and those of beginning an operation. */
  act(
    id: WorkOrderId,
    expected: Expected,
    action: WorkOrderAction,
    by: string,
  ): Promise<{ order: WorkOrderRecord; began: OperationId | undefined }>;
}

export interface DiskRemovals {
  list(serverId: ServerId): Promise<RecordedRemoval[]>;
  /** May be repeated. Refusals `reference_not_found`, `not_allowed_in_state`, `operation_in_progress`, `disk_removal_known`. */
  record(serverId: ServerId, removal: RemovalEvidence, by: string): Promise<RecordedRemoval>;
}
export type RecordedRemoval = RemovalEvidence & { recordedBy: string; recordedAt: string };
