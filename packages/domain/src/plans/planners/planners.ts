// Which planner tells of which workflow: one that the life-cycle table names and nobody can plan is a compile error here.
import type { WorkflowName } from '../../server-lifecycle/table.ts';
import { planIsolate } from './plan-isolate.ts';
import { planOnboard } from './plan-onboard.ts';
import { planProvision } from './plan-provision.ts';
import { planReimage } from './plan-reimage.ts';
import { planRelease } from './plan-release.ts';
import { planRemediate } from './plan-remediate.ts';
import { planRetire } from './plan-retire.ts';
import { planValidate } from './plan-validate.ts';
import type { Planner } from './planner.ts';

export const PLANNERS: Readonly<Record<WorkflowName, Planner>> = {
  'onboard-server': planOnboard,
  'provision-server': planProvision,
  'release-server': planRelease,
  'reimage-server': planReimage,
  'remediate-server': planRemediate,
  'retire-server': planRetire,
  'isolate-server': planIsolate,
  'validate-server': planValidate,
};
