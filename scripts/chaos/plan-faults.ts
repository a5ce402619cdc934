// What goes wrong, when and where: the same plan for the same seed, whatever the run makes of it.
import type { FaultRule } from '@rackwright/virtual-rack-app/faults.ts';
import { seeded, type Random } from './seeded.ts';

/** `at` and `forMs` in milliseconds; `at` from the beginning of the run. */
export type PlannedFault = { at: number } & (
  | { what: 'bmc'; kind: BmcTrouble; server: number; forMs: number; rule?: FaultRule }
  | { what: 'packets_lost'; rack: number; part: number; forMs: number }
  | { what: 'postgres_killed'; forMs: number }
  | { what: 'cluster_away'; forMs: number }
  | { what: 'queue_emptied' }
  | { what: 'rackwright_killed' }
);

/** What a rule on single requests makes, and what is a mood of the whole BMC. */
const BY_RULE = ['answers_503', 'breaks_off', 'hangs', 'lies', 'ignores_boot_override'] as const;
const BY_MOOD = ['drops_sessions', 'session_cap', 'locked_out', 'stale_power'] as const;
export type BmcTrouble = (typeof BY_RULE)[number] | (typeof BY_MOOD)[number];

/** What a fault is counted as. */
export type FaultKind = BmcTrouble | Exclude<PlannedFault['what'], 'bmc'>;

export function kindOf(fault: PlannedFault): FaultKind {
  return fault.what === 'bmc' ? fault.kind : fault.what;
}

export type ChaosSize = { seed: number; servers: number; minutes: number };

/** Mean milliseconds between two of a kind. BMC troubles: per server. */
const EVERY_MS = {
  bmc: 40_000,
  packets_lost: 20_000,
  postgres_killed: 35_000,
  cluster_away: 25_000,
  queue_emptied: 20_000,
  rackwright_killed: 10_000,
};
const SERVERS_PER_RACK = 40;

/** In the order of time. */
export function planFaults({ seed, servers, minutes }: ChaosSize): PlannedFault[] {
  const random = seeded(seed);
  const end = minutes * 60_000;
  const racks = Math.ceil(servers / SERVERS_PER_RACK);
  const plan: PlannedFault[] = [
    ...times(random, end, EVERY_MS.bmc / servers).map((at) => bmcTrouble(random, at, servers)),
    ...times(random, end, EVERY_MS.packets_lost).map((at) => ({
      at,
      what: 'packets_lost' as const,
      rack: random.below(racks),
      part: random.between(0.1, 0.6),
      forMs: random.between(2_000, 8_000),
    })),
    ...times(random, end, EVERY_MS.postgres_killed).map((at) => ({
      at,
      what: 'postgres_killed' as const,
      forMs: random.between(200, 4_000),
    })),
    ...times(random, end, EVERY_MS.cluster_away).map((at) => ({
      at,
      what: 'cluster_away' as const,
      forMs: random.between(1_000, 8_000),
    })),
    ...times(random, end, EVERY_MS.queue_emptied).map((at) => ({ at, what: 'queue_emptied' as const })),
    ...times(random, end, EVERY_MS.rackwright_killed).map((at) => ({ at, what: 'rackwright_killed' as const })),
  ];
  return plan.toSorted((a, b) => a.at - b.at);
}

function times(random: Random, end: number, every: number): number[] {
  const all: number[] = [];
  for (let at = random.between(0, 2 * every); at < end; at += random.between(0.2 * every, 1.8 * every)) all.push(Math.round(at));
  return all;
}

const SYSTEM = '^/redfish/v1/Systems/1';

/**
 * A BMC that says of power what was true before: for less than the time between two sightings of a fence, or nobody at all could
 * tell a machine that is off from one that is on.
 */
const STALE_MS = 4_000;

function bmcTrouble(random: Random, at: number, servers: number): PlannedFault {
  const kind = random.pick<BmcTrouble>([...BY_RULE, ...BY_MOOD]);
  const server = random.below(servers);
  const forMs = random.between(1_000, 10_000);
  const count = 1 + random.below(4);
  const delayMs = random.between(2_000, 9_000);
  if (kind === 'stale_power') return { at, what: 'bmc', kind, server, forMs: Math.min(forMs, STALE_MS) };
  const rule = ruleOf(kind, count, delayMs);
  return { at, what: 'bmc', kind, server, forMs, ...(rule ? { rule } : {}) };
}

function ruleOf(kind: BmcTrouble, count: number, delayMs: number): FaultRule | undefined {
  switch (kind) {
    case 'breaks_off':
      return { match: `${SYSTEM}|chassis`, drop: true, count };
    case 'answers_503':
      return { match: `${SYSTEM}|/Sessions|chassis`, status: 503, count };
    case 'hangs':
      return { match: '.', delayMs, count };
    case 'lies':
      return { match: '.', lie: true, count: 1 };
    case 'ignores_boot_override':
      return { match: `${SYSTEM}$|Set System Boot Options`, lie: true, count: 1 };
    default:
      return undefined;
  }
}
