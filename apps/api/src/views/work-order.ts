// A work order as the API shows it, with what may be done now and whether it is safe to pull at this moment.
import type { WorkOrderView } from '@rackwright/api-contract/resources/work-order.ts';
import { judgeSafeToPull } from '@rackwright/domain/work-orders/safe-to-pull.ts';
import { actionsOn, AT_THE_RACK } from '@rackwright/domain/work-orders/table.ts';
import type { WorkOrderRecord } from '../work-order-needs.ts';
import { inWords } from './in-words.ts';

/** @param now  milliseconds since the epoch */
export function viewWorkOrder(record: WorkOrderRecord, now: number): WorkOrderView {
  const { ledLit, problem, openedBy, ...rest } = record;
  const { state, power, powerWord } = record;
  return {
    kind: 'work_order',
    ...rest,
    problem: problem && { ...inWords(problem), operationId: problem.operationId, at: problem.at },
    led: { wanted: AT_THE_RACK.includes(state), lit: ledLit },
    safeToPull: judgeSafeToPull(state, power, powerWord, now),
    allowedActions: actionsOn(state),
    openedBy: { principal: openedBy },
  };
}
