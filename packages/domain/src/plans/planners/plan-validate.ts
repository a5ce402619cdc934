// Validating told beforehand: parts counted again and burned in; data on its disks is only read.
import type { Params, Planner } from './planner.ts';
import { returnsToService } from '../../work-orders/return-to-service.ts';
import type { ServerState } from '../../server-lifecycle/table.ts';
import type { PlanSubject } from '../plan-subject.ts';
import { agentSteps, isMember } from './steps.ts';

export const planValidate: Planner = {
  takesOut: 'no',
  drain: () => undefined,
  defaultMinutes: 60,
  steps: (subject, params) => [
    'read its event log',
    ...agentSteps,
    'compare its parts',
    ...((params as { burnIn?: string }).burnIn === 'none'
      ? []
      : ['tell the agent to burn it in', 'wait for the agent to burn it in']),
    'look for new faults in its event log',
    'close the boot ticket',
    ...returningSteps(subject, params),
  ],
  disks: () => [],
  refusals: () => [],
};

function returningSteps(subject: PlanSubject, params: Params): string[] {
  const { cameFrom } = params as { cameFrom?: ServerState };
  if (!returnsToService(subject.assignment, cameFrom)) return ['power it off'];
  if (!isMember(subject)) return ['boot the installed disk'];
  return [
    'keep its Node closed',
    'see its Node down',
    'boot the installed disk',
    'wait for the Node to be Ready again',
    'open its Node to pods',
  ];
}
