// What the worker that runs schedules reads and writes: what is due, whose it is, what came of it.
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import type { Condition } from '../inventory/server-filter.ts';
import type { BeginOperation } from '../operations/begin-operation.ts';
import type { WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import { readAcceptedInspection, readCandidate, readCandidates, readClusterCandidates } from './candidates.ts';
import { decideDue } from './decide-due.ts';
import { claimRuns, endRun, renewRun, type RunClaim, type RunEnd, suspendRun } from './run-claims.ts';
import {
  allItems,
  beginForItem,
  type ItemOutcome,
  type OpenItem,
  openItems,
  type PickedItem,
  recordItem,
  savePicks,
} from './run-items.ts';

export type ScheduleStore = ReturnType<typeof postgresScheduleStore>;

export function postgresScheduleStore(database: Database) {
  return {
    decideDue: (now: number, limit: number) => decideDue(database, now, limit),
    claim: (by: string, forMs: number, limit: number) => claimRuns(database, by, forMs, limit),
    renew: (claim: RunClaim, forMs: number) => renewRun(database, claim, forMs),
    suspend: (claim: RunClaim, afterMs: number, waitingFor: WaitingFor | null) =>
      suspendRun(database, claim, afterMs, waitingFor),
    end: (claim: RunClaim, end: RunEnd) => endRun(database, claim, end),
    candidates: async (conditions: Condition[]) => ({
      servers: await readCandidates(database, conditions),
      clusters: await readClusterCandidates(database),
    }),
    inspectionOf: (id: ServerId) => readAcceptedInspection(database, id),
    candidate: (id: ServerId) => readCandidate(database, id),
    savePicks: (claim: RunClaim, items: readonly PickedItem[]) => savePicks(database, claim, items),
    openItems: (claim: RunClaim) => openItems(database, claim),
    allItems: (claim: RunClaim) => allItems(database, claim),
    record: (claim: RunClaim, position: number, outcome: ItemOutcome) => recordItem(database, claim, position, outcome),
    begin: (claim: RunClaim, item: OpenItem, request: Omit<BeginOperation, 'requestedBy'>) =>
      beginForItem(database, claim, item, request),
  };
}
