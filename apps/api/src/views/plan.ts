// Plans and bulk operations as the API shows them: reasons in words from the catalogue.
import type { BulkItemView, BulkOperationView } from '@rackwright/api-contract/resources/bulk-operation.ts';
import type { PlanItemView, PlanView } from '@rackwright/api-contract/resources/plan.ts';
import { ITEM_STATES } from '@rackwright/domain/plans/waves.ts';
import type { BulkItemRecord, BulkRecord, PlanItemRecord, PlanRecord } from '../plan-needs.ts';
import { inWords } from './in-words.ts';

export function viewPlan({
  event,
  params,
  reason,
  selection,
  summary,
  requestedBy,
  sights: _sights,
  ...rest
}: PlanRecord): PlanView {
  const { domains, ...told } = summary;
  return {
    kind: 'plan',
    ...rest,
    operation: { type: event, params, reason },
    servers: 'ids' in selection ? { ids: selection.ids } : { filter: selection.filter },
    ...told,
    failureDomains: domains,
    requestedBy: { principal: requestedBy },
  };
}

export function viewPlanItem({ planned, ...item }: PlanItemRecord): PlanItemView {
  const { workflow: _workflow, ...rest } = planned;
  return { ...rest, ...item, blocked: planned.blocked.map(inWords), hazards: planned.hazards.map(inWords) };
}

export function viewBulkOperation(bulk: BulkRecord): BulkOperationView {
  const { event, params, reason, requestedBy, counts, waitingFor, ...rest } = bulk;
  const done = bulk.finishedAt !== null;
  // Just begun or resumed: should no worker run, that is what it waits for.
  const unseen = { code: 'bulk_worker', facts: {}, since: bulk.stateSince, until: null, unblockedBy: 'a worker that is running' };
  const { facts, ...waits } = waitingFor ?? unseen;
  return {
    kind: 'bulk_operation',
    ...rest,
    operation: { type: event, params, reason },
    done,
    counts: Object.fromEntries(ITEM_STATES.map((state) => [state, counts[state] ?? 0])),
    waitingFor: done ? null : { ...waits, params: { ...facts } },
    requestedBy: { principal: requestedBy },
  };
}

export function viewBulkItem(item: BulkItemRecord): BulkItemView {
  return { ...item, error: item.error && inWords(item.error) };
}
