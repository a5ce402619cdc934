// What an operation cannot begin without, beside the state that the table asks for: told by the API, the console and plans alike.
import { MOVES, next, type ServerEvent, type ServerState, STATES, type WorkflowName, workflowOf } from './table.ts';

/** As much of a server as these rules look at. */
export type Asked = {
  state: ServerState;
  bmc: object | null;
  hasBmcCredentials: boolean;
  nics: readonly { boot: boolean }[];
  networkId: string | null;
  address: string | null;
  hardware: object | null;
};

/** The record is closed by it. */
const CLOSES = new Set<ServerEvent>(['retire', 'write_off']);

/** Codes of the error catalogue. What runs no workflow needs nothing but the record. */
export function missingFor(type: ServerEvent, asked: Asked): string[] {
  if (isDoneAtOnce(asked.state, type)) return CLOSES.has(type) && asked.hardware !== null ? ['disks_may_hold_data'] : [];
  const missing: string[] = [];
  // Nobody knows which disks there are to erase.
  if (type === 'retire' && asked.hardware === null) missing.push('hardware_not_accepted');
  if (asked.bmc === null || !asked.hasBmcCredentials) missing.push('bmc_missing');
  // A restart boots what is installed.
  if (type === 'remediate') return missing;
  const bootable = asked.nics.some((nic) => nic.boot) && asked.networkId !== null && asked.address !== null;
  // Whoever is only to be switched off need not boot anything of ours.
  if (!bootable && type !== 'isolate') missing.push('boot_nic_missing');
  return missing;
}

/** The table leads to a resting state: no workflow runs. */
export function isDoneAtOnce(state: ServerState, type: ServerEvent): boolean {
  const to = next(state, type);
  return to !== undefined && workflowOf(to) === undefined;
}

type WorkingState = { [S in ServerState]: (typeof STATES)[S]['kind'] extends 'working' ? S : never }[ServerState];
/** What an operator can ask for that runs a workflow. */
export type OperationEvent = Extract<(typeof MOVES)[number], readonly [ServerState, string, WorkingState, 'operator']>[1];

/** The workflow that an event begins wherever the table allows it; undefined for moves that are done at once. */
export function workflowBegunBy(event: ServerEvent): WorkflowName | undefined {
  for (const [, on, to, by] of MOVES) {
    const workflow = workflowOf(to);
    if (on === event && by === 'operator' && workflow) return workflow.name;
  }
  return undefined;
}

export function isOperationEvent(event: ServerEvent): event is OperationEvent {
  return workflowBegunBy(event) !== undefined;
}
