// Everything that may happen to a work order: one legal move per line. The API, docs/repair.md and the database follow this file.

/** `assignee`: the technician whose order it is; `workflow`: the end of an operation on the server. */
export type WorkOrderActor = 'operator' | 'assignee' | 'workflow';

export const WORK_ORDER_STATES = {
  open: 'somebody is to be sent',
  assigned: 'a technician is to go there',
  on_site: 'the technician stands at the rack; the identify light is on',
  verified: 'the machine was scanned and is the right one; power may be touched',
  draining: 'the server leaves its cluster and is switched off',
  safe: 'off and fenced: safe to pull while its BMC reports off',
  in_progress: 'a part is being replaced',
  validating: 'the server counts its parts again and burns them in',
  closed: 'done; the outcome says how',
  blocked: 'it cannot go on; the reason says why',
  cancelled: 'not to be done',
} as const;

export type WorkOrderState = keyof typeof WORK_ORDER_STATES;

export const WORK_ORDER_MOVES = [
  // from              on           to             by
  ['open', 'assign', 'assigned', 'operator'],
  // Somebody else takes over, wherever the first one stopped: who comes new to the rack scans anew.
  ['assigned', 'assign', 'assigned', 'operator'],
  ['on_site', 'assign', 'assigned', 'operator'],
  ['verified', 'assign', 'assigned', 'operator'],
  ['safe', 'assign', 'assigned', 'operator'],
  ['in_progress', 'assign', 'assigned', 'operator'],
  ['blocked', 'assign', 'assigned', 'operator'],
  ['assigned', 'arrive', 'on_site', 'assignee'],
  ['on_site', 'verify', 'verified', 'assignee'],
  // The one way to power: nothing is drained or switched off for a machine that was not scanned.
  ['verified', 'drain', 'draining', 'assignee'],
  // Somebody switched it on meanwhile.
  ['safe', 'drain', 'draining', 'assignee'],
  ['in_progress', 'drain', 'draining', 'assignee'],
  ['draining', 'isolated', 'safe', 'workflow'],
  ['draining', 'not_isolated', 'verified', 'workflow'],
  ['safe', 'start', 'in_progress', 'assignee'],
  ['in_progress', 'finish', 'validating', 'assignee'],
  ['validating', 'validated', 'closed', 'workflow'],
  ['validating', 'reopen', 'open', 'workflow'],
  ['open', 'block', 'blocked', 'operator'],
  ['assigned', 'block', 'blocked', 'assignee'],
  ['on_site', 'block', 'blocked', 'assignee'],
  ['verified', 'block', 'blocked', 'assignee'],
  ['safe', 'block', 'blocked', 'assignee'],
  ['in_progress', 'block', 'blocked', 'assignee'],
  ['open', 'cancel', 'cancelled', 'operator'],
  ['assigned', 'cancel', 'cancelled', 'operator'],
  ['on_site', 'cancel', 'cancelled', 'operator'],
  ['verified', 'cancel', 'cancelled', 'operator'],
  ['safe', 'cancel', 'cancelled', 'operator'],
  ['blocked', 'cancel', 'cancelled', 'operator'],
  // Given up, or mended without opening it: the outcome is told.
  ['open', 'close', 'closed', 'operator'],
  ['assigned', 'close', 'closed', 'operator'],
  ['safe', 'close', 'closed', 'operator'],
  ['in_progress', 'close', 'closed', 'operator'],
  ['blocked', 'close', 'closed', 'operator'],
  // The server is gone for good: nobody needs to go there any more.
  ['open', 'server_retired', 'closed', 'workflow'],
  ['assigned', 'server_retired', 'closed', 'workflow'],
  ['on_site', 'server_retired', 'closed', 'workflow'],
  ['verified', 'server_retired', 'closed', 'workflow'],
  ['safe', 'server_retired', 'closed', 'workflow'],
  ['in_progress', 'server_retired', 'closed', 'workflow'],
  ['blocked', 'server_retired', 'closed', 'workflow'],
] as const satisfies readonly (readonly [from: WorkOrderState, on: string, to: WorkOrderState, by: WorkOrderActor])[];

export type WorkOrderEvent = (typeof WORK_ORDER_MOVES)[number][1];

export const WORK_ORDER_OUTCOMES = ['repaired', 'returned_to_vendor', 'scrapped'] as const;
export type WorkOrderOutcome = (typeof WORK_ORDER_OUTCOMES)[number];

/** Where `on` leads from `from`, or undefined when the table has no such move. */
export function nextOfWorkOrder(from: WorkOrderState, on: WorkOrderEvent): WorkOrderState | undefined {
  return WORK_ORDER_MOVES.find(([f, e]) => f === from && e === on)?.[2];
}

/** What a person may do now, and whether only the assignee may: the console offers these, the API refuses the rest. */
export function actionsOn(from: WorkOrderState): { action: WorkOrderEvent; by: 'operator' | 'assignee' }[] {
  return WORK_ORDER_MOVES.flatMap(([f, action, , by]) => (f === from && by !== 'workflow' ? [{ action, by }] : []));
}

/** Somebody may be at the machine: its light is on and its power is watched. */
export const AT_THE_RACK: readonly WorkOrderState[] = ['on_site', 'verified', 'draining', 'safe', 'in_progress'];

/** A part that fails as often as this is not what is broken: somebody who knows more is to look. */
export const REPAIR_LOOP = 3;

/** Somebody stopped it, or what we need for validating was away: that says nothing of the repair. */
export function countsAsAttempt(errorCode: string): boolean {
  return !/^(operation_cancelled|internal_error|(bmc|kubernetes)_\w+|\w+_deadline_passed)$/.test(errorCode);
}

/** Nothing of it can be changed any more; another order for the same cause may be opened. */
export const isOver = (state: WorkOrderState): boolean => state === 'closed' || state === 'cancelled';

const word = (text: string): string => text.trim().toLowerCase();

/** Labels are typed and scanned in either case; an empty label matches nothing. */
export function scanMatches(scan: string, labels: { serial: string | null; assetTag: string | null }): boolean {
  const scanned = word(scan);
  return scanned !== '' && [labels.serial, labels.assetTag].some((label) => label !== null && word(label) === scanned);
}
