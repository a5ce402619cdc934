// Onboarding told beforehand.
import type { Planner } from './planner.ts';
import { agentSteps } from './steps.ts';

export const planOnboard: Planner = {
  takesOut: 'no',
  drain: () => undefined,
  defaultMinutes: 15,
  steps: () => [
    'identify the server by its BMC',
    'refuse a wrong or twin serial',
    ...agentSteps,
    'accept the hardware',
    'power it off',
    'close the boot ticket',
  ],
  disks: () => [],
  refusals: () => [],
};
