// Everything that may happen to a server: one legal move per line.
// The API, the worker, docs/lifecycle.md and the database follow this file.

export type WorkflowName =
  | 'onboard-server'
  | 'provision-server'
  | 'release-server'
  | 'reimage-server'
  | 'retire-server'
  | 'isolate-server'
  | 'validate-server'
  | 'remediate-server';
export type Actor = 'operator' | 'workflow' | 'network';

type Resting = { kind: 'resting'; means: string };
type Working = { kind: 'working'; runs: WorkflowName; limitMinutes: number; means: string };

/** Resting states are what a person may act on; a working state belongs to its workflow alone. */
export const STATES = {
  discovered: { kind: 'resting', means: 'seen on the network, not accepted' },
  registered: { kind: 'resting', means: 'on file (asset, rack, U), BMC not proven' },
  onboarding: { kind: 'working', runs: 'onboard-server', limitMinutes: 45, means: 'proving the BMC, counting parts' },
  onboarding_failed: { kind: 'resting', means: 'somebody must look, then onboard again, retire or write off' },
  available: { kind: 'resting', means: 'known, off, can be handed out' },
  provisioning: { kind: 'working', runs: 'provision-server', limitMinutes: 150, means: 'installing, then joining its cluster' },
  provisioning_failed: { kind: 'resting', means: 'half installed; provision again or release' },
  in_service: { kind: 'resting', means: 'a Ready node, or a host without a cluster' },
  releasing: {
    kind: 'working',
    runs: 'release-server',
    // A day of draining, one each for the answers of people, five of erasing large disks; each step has a shorter deadline of its own.
    limitMinutes: 11_520,
    means: 'drain, fence, delete the Node, revoke, erase',
  },
  reimaging: {
    kind: 'working',
    runs: 'reimage-server',
    // A day of draining, one each for the answers of people, three hours for the installation; each step has a shorter deadline.
    limitMinutes: 7_920,
    means: 'drain, fence, write the root disk again, join under the same name; data disks are kept',
  },
  retiring: {
    kind: 'working',
    runs: 'retire-server',
    limitMinutes: 10_080,
    means: 'erase every disk with evidence, power off, close the asset',
  },
  quarantined: { kind: 'resting', means: 'may hold data or is not trusted; never handed out' },
  retired: { kind: 'resting', means: 'record kept: returned to its vendor, scrapped or repaired elsewhere' },
  remediating: {
    kind: 'working',
    runs: 'remediate-server',
    // Twice a person may be asked for a day whether the machine is really off; everything else is done within two hours.
    limitMinutes: 3_120,
    means: 'fence, switch on again, see it Ready; keeps its Node',
  },
  degraded: {
    kind: 'resting',
    means: 'in service by its record, but restarts did not mend it; a person decides, or the health policy where it may',
  },
  isolating: {
    kind: 'working',
    runs: 'isolate-server',
    // A day of draining, and one each for the answers of people.
    limitMinutes: 4_320,
    means: 'drain and fence, so that hands may touch it; nothing is erased',
  },
  in_repair: { kind: 'resting', means: 'off and fenced; a technician may open it' },
  validating: {
    kind: 'working',
    runs: 'validate-server',
    // The longest burn-in takes a day.
    limitMinutes: 2_160,
    means: 'count the parts again, burn them in, return to service',
  },
} as const satisfies Record<string, Resting | Working>;

export type ServerState = keyof typeof STATES;

/** Its system runs and counts for whoever uses it; in every other state somebody is at work on it, or it is out. */
export const SERVING = ['in_service', 'degraded'] as const satisfies readonly ServerState[];
const SERVES: ReadonlySet<string> = new Set(SERVING);

export const isServing = (state: string): boolean => SERVES.has(state);

export const MOVES = [
  // from                  on           to                     by
  ['discovered', 'accept', 'registered', 'operator'],
  ['registered', 'onboard', 'onboarding', 'operator'],
  ['onboarding', 'finish', 'available', 'workflow'],
  ['onboarding', 'fail', 'onboarding_failed', 'workflow'],
  ['onboarding_failed', 'onboard', 'onboarding', 'operator'],
  ['available', 'provision', 'provisioning', 'operator'],
  ['available', 'onboard', 'onboarding', 'operator'],
  ['provisioning', 'finish', 'in_service', 'workflow'],
  ['provisioning', 'fail', 'provisioning_failed', 'workflow'],
  // It was refused or gave up before the agent was told to write: no disk was touched, nothing is to be released.
  ['provisioning', 'keep', 'available', 'workflow'],
  ['provisioning_failed', 'provision', 'provisioning', 'operator'],
  ['provisioning_failed', 'release', 'releasing', 'operator'],
  ['in_service', 'release', 'releasing', 'operator'],
  // A server that served comes back only this way: releasing is the workflow that erases.
  ['releasing', 'finish', 'available', 'workflow'],
  ['releasing', 'fail', 'quarantined', 'workflow'],
  // The drain was blocked or cancelled before anything was switched off: the node goes on serving.
  ['releasing', 'keep', 'in_service', 'workflow'],
  ['quarantined', 'release', 'releasing', 'operator'],
  ['in_service', 'reimage', 'reimaging', 'operator'],
  ['reimaging', 'finish', 'in_service', 'workflow'],
  // Nothing was switched off or written yet: the node goes on serving.
  ['reimaging', 'keep', 'in_service', 'workflow'],
  ['reimaging', 'fail', 'provisioning_failed', 'workflow'],
  // Nothing of ours was ever on these: only the record is closed.
  ['discovered', 'retire', 'retired', 'operator'],
  ['registered', 'retire', 'retired', 'operator'],
  // Dead on arrival: never inspected (the store looks), so there is nothing that we could erase.
  ['onboarding_failed', 'write_off', 'retired', 'operator'],
  // What we know disks of leaves with evidence that they were erased.
  ['onboarding_failed', 'retire', 'retiring', 'operator'],
  ['available', 'retire', 'retiring', 'operator'],
  ['quarantined', 'retire', 'retiring', 'operator'],
  ['retiring', 'finish', 'retired', 'workflow'],
  ['retiring', 'fail', 'quarantined', 'workflow'],
  // Hands are to touch it: off the cluster and off power first.
  ['in_service', 'isolate', 'isolating', 'operator'],
  ['available', 'isolate', 'isolating', 'operator'],
  ['quarantined', 'isolate', 'isolating', 'operator'],
  ['onboarding_failed', 'isolate', 'isolating', 'operator'],
  ['provisioning_failed', 'isolate', 'isolating', 'operator'],
  // Somebody switched it on while it was open: fenced anew.
  ['in_repair', 'isolate', 'isolating', 'operator'],
  ['isolating', 'finish', 'in_repair', 'workflow'],
  ['isolating', 'fail', 'quarantined', 'workflow'],
  // Nothing was switched off yet: back to where it came from, and nowhere else.
  ['isolating', 'keep', 'in_service', 'workflow'],
  ['isolating', 'keep_available', 'available', 'workflow'],
  ['isolating', 'keep_quarantined', 'quarantined', 'workflow'],
  ['isolating', 'keep_onboarding_failed', 'onboarding_failed', 'workflow'],
  ['isolating', 'keep_provisioning_failed', 'provisioning_failed', 'workflow'],
  ['isolating', 'keep_in_repair', 'in_repair', 'workflow'],
  ['in_repair', 'validate', 'validating', 'operator'],
  // The store decides which: with its kept Node; empty and nobody's; or it may hold data.
  ['validating', 'finish', 'in_service', 'workflow'],
  ['validating', 'finish_available', 'available', 'workflow'],
  ['validating', 'finish_quarantined', 'quarantined', 'workflow'],
  ['validating', 'fail', 'in_repair', 'workflow'],
  ['in_repair', 'release', 'releasing', 'operator'],
  ['in_repair', 'retire', 'retiring', 'operator'],
  ['in_repair', 'write_off', 'retired', 'operator'],
  // The health policy asks as an operator does.
  ['in_service', 'remediate', 'remediating', 'operator'],
  ['degraded', 'remediate', 'remediating', 'operator'],
  ['remediating', 'finish', 'in_service', 'workflow'],
  // Refused, cancelled or well again before anything was switched off.
  ['remediating', 'keep', 'in_service', 'workflow'],
  ['remediating', 'fail', 'degraded', 'workflow'],
  ['degraded', 'recover', 'in_service', 'operator'],
  ['degraded', 'release', 'releasing', 'operator'],
  ['degraded', 'reimage', 'reimaging', 'operator'],
  ['degraded', 'isolate', 'isolating', 'operator'],
  ['releasing', 'keep_degraded', 'degraded', 'workflow'],
  ['reimaging', 'keep_degraded', 'degraded', 'workflow'],
  ['isolating', 'keep_degraded', 'degraded', 'workflow'],
  ['remediating', 'keep_degraded', 'degraded', 'workflow'],
] as const satisfies readonly (readonly [from: ServerState, on: string, to: ServerState, by: Actor])[];

export type ServerEvent = (typeof MOVES)[number][1];

/** Where `on` leads from `from`, or undefined when the table has no such move. */
export function next(from: ServerState, on: ServerEvent): ServerState | undefined {
  return MOVES.find(([f, e]) => f === from && e === on)?.[2];
}

/** How a workflow that changed nothing gives a server back to where it found it; undefined where the table has no such way. */
export function wayBack(from: ServerState, origin: ServerState): ServerEvent | undefined {
  return MOVES.find(([f, on, to, by]) => f === from && to === origin && by === 'workflow' && on.startsWith('keep'))?.[1];
}

/** What this actor may do now: the console greys out the rest, the API refuses it. */
export function allowed(from: ServerState, actor: Actor): ServerEvent[] {
  return MOVES.filter(([f, , , by]) => f === from && by === actor).map(([, on]) => on);
}

/** The workflow a working state runs; undefined for a resting one. */
export function workflowOf(state: ServerState): { name: WorkflowName; limitMinutes: number } | undefined {
  const row = STATES[state];
  return row.kind === 'working' ? { name: row.runs, limitMinutes: row.limitMinutes } : undefined;
}
