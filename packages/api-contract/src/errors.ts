// The error catalogue: every code that a caller, an operation or the agent can meet, in one list. docs/errors.md is written from it.
import type { Facts } from '@rackwright/domain/errors.ts';
import { AGENT_ERRORS } from './errors/agent.ts';
import { BMC_ERRORS } from './errors/bmc.ts';
import type { ErrorEntry } from './errors/entry.ts';
import { INVENTORY_ERRORS } from './errors/inventory.ts';
import { KUBERNETES_ERRORS } from './errors/kubernetes.ts';
import { OPERATION_ERRORS } from './errors/operation.ts';
import { POWER_ERRORS } from './errors/power.ts';
import { REPAIR_ERRORS } from './errors/repair.ts';
import { PLAN_ERRORS } from './errors/plan.ts';
import { REQUEST_ERRORS } from './errors/request.ts';
import { SCHEDULE_ERRORS } from './errors/schedule.ts';
import { START_ERRORS } from './errors/start.ts';
import { WEBHOOK_ERRORS } from './errors/webhook.ts';

/** In the order of docs/errors.md. */
export const ERROR_GROUPS = {
  'The request': REQUEST_ERRORS,
  'The inventory': INVENTORY_ERRORS,
  Operations: OPERATION_ERRORS,
  Repair: REPAIR_ERRORS,
  'Plans and bulk operations': PLAN_ERRORS,
  'The install agent': AGENT_ERRORS,
  BMCs: BMC_ERRORS,
  'Kubernetes clusters': KUBERNETES_ERRORS,
  Power: POWER_ERRORS,
  Webhooks: WEBHOOK_ERRORS,
  Schedules: SCHEDULE_ERRORS,
  Starting: START_ERRORS,
} as const;

export const ERRORS = {
  ...REQUEST_ERRORS,
  ...INVENTORY_ERRORS,
  ...OPERATION_ERRORS,
  ...REPAIR_ERRORS,
  ...PLAN_ERRORS,
  ...AGENT_ERRORS,
  ...BMC_ERRORS,
  ...KUBERNETES_ERRORS,
  ...POWER_ERRORS,
  ...WEBHOOK_ERRORS,
  ...SCHEDULE_ERRORS,
  ...START_ERRORS,
} as const;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** What the catalogue says about a code; one that it lacks is a fault of ours. */
export function errorEntry(code: string): ErrorEntry {
  return isErrorCode(code) ? ERRORS[code] : ERRORS.internal_error;
}

/** The detail sentence with its facts; with the facts in a list behind it when the sentence asks for one that is not told. */
export function sayDetail(code: string, facts: Facts): string {
  const { title, detail } = errorEntry(code);
  const asked = [...detail.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  if (asked.every((name) => Object.hasOwn(facts, name))) {
    return detail.replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name]));
  }
  const told = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  return told.length === 0 ? `${title}.` : `${title}: ${told.join(', ')}.`;
}

/** RFC 9457 `type`: stable, relative, one per code. */
export function problemType(code: string): string {
  return `/problems/${code.replaceAll('_', '-')}`;
}
