// A replacement as the API shows it, planned or running.
import { errorEntry, sayDetail } from '@rackwright/api-contract/errors.ts';
import type { ReplacementPlanView, ReplacementView } from '@rackwright/api-contract/resources/replacement.ts';
import type { ReplacementPlan, ReplacementRecord, ReplacementRequest } from '../replacement-needs.ts';

const MOST_PASSED_OVER = 20;

export function viewReplacement(record: ReplacementRecord): ReplacementView {
  const { waitingFor, error, requestedBy, drain: _drain, ...rest } = record;
  return {
    kind: 'replacement',
    ...rest,
    done: record.finishedAt !== null,
    waitingFor: waitingFor && { ...waitingFor, params: { ...waitingFor.facts } },
    error: error && viewError(error),
    requestedBy: { principal: requestedBy },
  };
}

function viewError({ code, facts }: NonNullable<ReplacementRecord['error']>): NonNullable<ReplacementView['error']> {
  const { title, toDo } = errorEntry(code);
  return { code, title, detail: sayDetail(code, facts), whatToDo: toDo, params: { ...facts } };
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
