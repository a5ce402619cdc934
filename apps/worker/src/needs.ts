// What the worker needs of the store and the queue, in its own words.
import type { PowerState } from '@rackwright/domain/bmc.ts';
import type { BulkOperationId, OperationId, ServerId, WebhookId } from '@rackwright/domain/ids.ts';
import type { RunName } from '@rackwright/domain/server-lifecycle/errands.ts';
import type { ServerEvent } from '@rackwright/domain/server-lifecycle/table.ts';
import type { AttemptOutcome, DeliveryPolicy } from '@rackwright/domain/webhooks/delivery-policy.ts';
import type { Journal, StepLog, StepRecord, StoredError, WaitingFor } from '@rackwright/workflow-engine/step-log.ts';

/** The right to advance one operation, until it expires or another process takes it over. */
export type Run = {
  operationId: OperationId;
  serverId: ServerId;
  workflow: RunName;
  params: unknown;
  fence: bigint;
  /** As it was when the run began. */
  journal: Journal;
};

export type RunStore = {
  /** `busy`: another process runs it now. `over`: nothing left to do. */
  claim(operationId: OperationId, worker: string, forMs: number): Promise<Run | 'busy' | 'over'>;
  /** Throws StaleRun when it was taken over. */
  renew(run: Run, forMs: number): Promise<void>;
  stepLog(run: Run): StepLog;
  /** When it is due: at `wakeAt`, or at once when something reported while the run was under way. */
  suspend(run: Run, wakeAt: string, waitingFor: WaitingFor, unsaved: readonly StepRecord[]): Promise<string>;
  finish(run: Run, unsaved: readonly StepRecord[]): Promise<void>;
  fail(run: Run, error: StoredError, event: ServerEvent): Promise<void>;
  /** Operations whose wake-up is due or was lost, oldest first. */
  due(limit: number): Promise<OperationId[]>;
};

/** Rings in this process, at most one alarm per operation: a newer one replaces it. What dies with the process the sweep finds. */
export type Alarms = { set(operationId: OperationId, delayMs: number): void };

export type WakeUps = { wakeUp(operationId: OperationId, options?: { delayMs?: number }): Promise<void> };

export type BulkDriver = {
  /** Bulk operations with an item that ended, or whose time has come; oldest first. */
  due(limit: number): Promise<BulkOperationId[]>;
  /** One step. Undefined: it is over, or another process has it now. */
  advance(id: BulkOperationId): Promise<{ begun: OperationId[]; again: boolean } | undefined>;
};

/** The right to deliver for one webhook, until it expires or another process takes it over. */
export type Lease = { webhookId: WebhookId; fence: number };

export type WebhookAttempt = { at: string; status: number | null; error: string | null; answer: string; durationMs: number };

export type CourierStore = {
  claim(by: string, forMs: number, limit: number): Promise<Lease[]>;
  /** False: it was taken over, switched off or deleted. */
  renew(lease: Lease, forMs: number): Promise<boolean>;
  release(lease: Lease): Promise<void>;
  /** False: nothing more may be sent under this lease. */
  readOutbox(lease: Lease): Promise<boolean>;
  /** The first message of each lane, where it is due. Undefined: nothing more may be sent under this lease. */
  due(
    lease: Lease,
    busyLanes: readonly string[],
    limit: number,
  ): Promise<
    { url: string; secrets: string[]; deliveries: { id: string; messageId: string; lane: string; body: string }[] } | undefined
  >;
  record(
    lease: Lease,
    deliveryId: string,
    attempted: { outcome: AttemptOutcome; attempt: WebhookAttempt; random: number },
    policy: DeliveryPolicy,
  ): Promise<void>;
};

export type MachineSeen = { power: PowerState | null; silentBecause: string | null; ledLit: boolean | null };
/** The machines before which somebody stands, or stood a moment ago. */
export type RackWatch = {
  /** Each is given to one process only, and again after a few seconds. */
  claim(limit: number): Promise<{ serverId: ServerId; ledWanted: boolean }[]>;
  record(serverId: ServerId, seen: MachineSeen): Promise<void>;
};

/** Structured log lines; the operation's timeline is in the database, this is for who debugs the worker. */
export type Log = {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
};
