// Which function runs for which working state or errand; a workflow that the tables name and nobody wrote is a compile error here.
import type { RunName } from '@rackwright/domain/server-lifecycle/errands.ts';
import type { ServerEvent } from '@rackwright/domain/server-lifecycle/table.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { isolateFailsBy, isolateServer } from './isolate-server/isolate-server.ts';
import { onboardServer } from './onboard-server/onboard-server.ts';
import type { Ports, Task } from './ports.ts';
import { powerOnServer } from './power-on-server/power-on-server.ts';
import { provisionFailsBy, provisionServer } from './provision-server/provision-server.ts';
import { reimageFailsBy, reimageServer } from './reimage-server/reimage-server.ts';
import { releaseFailsBy, releaseServer } from './release-server/release-server.ts';
import { remediateFailsBy, remediateServer } from './remediate-server/remediate-server.ts';
import { retireServer } from './retire-server/retire-server.ts';
import { validateServer } from './validate-server/validate-server.ts';

export type ServerWorkflow = {
  run: Workflow<Ports, Task<never>>;
  /** Which event a failure is, seen from the steps that were begun. */
  failsBy(steps: readonly Pick<StepRecord, 'name'>[]): ServerEvent;
};

const fails = (): ServerEvent => 'fail';

export const WORKFLOWS = {
  'onboard-server': { run: onboardServer, failsBy: fails },
  'provision-server': { run: provisionServer, failsBy: provisionFailsBy },
  'release-server': { run: releaseServer, failsBy: releaseFailsBy },
  'reimage-server': { run: reimageServer, failsBy: reimageFailsBy },
  'power-on-server': { run: powerOnServer, failsBy: fails },
  'remediate-server': { run: remediateServer, failsBy: remediateFailsBy },
  'retire-server': { run: retireServer, failsBy: fails },
  'isolate-server': { run: isolateServer, failsBy: isolateFailsBy },
  'validate-server': { run: validateServer, failsBy: fails },
} satisfies Record<RunName, ServerWorkflow>;
