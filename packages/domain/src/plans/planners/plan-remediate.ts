// A restart told beforehand, as far as the first rung that mends it: its Node and its disks stay.
import { reaches, type Rung } from '../../health/ladder.ts';
import { ourNode } from '../own-node.ts';
import type { Planner } from './planner.ts';
import { fenceSteps, isMember } from './steps.ts';

type Wish = { first?: Rung };

export const planRemediate: Planner = {
  takesOut: 'meanwhile',
  drain: () => undefined,
  defaultMinutes: 10,
  steps(subject, params, world) {
    const { first = 'restart_software' } = params as Wish;
    const again = reaches(first, 'power_cycle') ? '' : ' (with its BMC)';
    const member = isMember(subject);
    const cycle = [
      'remember to switch it on',
      ...fenceSteps,
      ...(member ? ['mark its node out of service', 'wait for its volumes to be let go'] : []),
      ...(again === '' ? [] : ['restart its BMC', 'see its BMC again']),
      'switch it on',
      ...(ourNode(subject, world) ? ['take it back into service', 'wait for the node to be Ready'] : []),
    ];
    return [
      'look up its cluster',
      'look at its Node',
      ...(reaches(first, 'restart_software') ? ['restart its software where it can be asked'] : []),
      ...cycle.map((step) => `${step}${again}`),
    ];
  },
  disks: () => [],
  refusals: () => [],
};
