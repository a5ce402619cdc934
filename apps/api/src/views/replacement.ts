// A replacement as the API shows it, planned or running.
import type { ReplacementPlanView, ReplacementView } from '@rackwright/api-contract/resources/replacement.ts';
import type { ReplacementPlan, ReplacementRecord, ReplacementRequest } from '../replacement-needs.ts';
import { inWords } from './in-words.ts';
import { viewWaiting } from './operation.ts';

const MOST_PASSED_OVER = 20;

export function viewReplacement(record: ReplacementRecord): ReplacementView {
  const { waitingFor, error, requestedBy, drain: _drain, ...rest } = record;
  return {
    kind: 'replacement',
    ...rest,
    done: record.finishedAt !== null,
    waitingFor: waitingFor && viewWaiting(waitingFor),
    error: error && inWords(error),
    requestedBy: { principal: requestedBy },
  };
}

export function viewPlan({ serverId, order }: ReplacementRequest, plan: ReplacementPlan): ReplacementPlanView {
  const { install, choice, takesOut } = plan;
  const { chosen, passedOver } = choice;
  const shown = passedOver.slice(0, MOST_PASSED_OVER);
  return {
    kind: 'replacement_plan',
    serverId,
    order,
    install,
    choice: { chosen, passedOver: shown, passedOverCount: passedOver.length },
    takesOut,
  };
}
