// What goes wrong, when and where: the same plan for the same seed, whatever the run makes of it.
import type { FaultRule } from '@rackwright/virtual-rack-app/faults.ts';
import { seeded, type Random } from './seeded.ts';

/** `at` and `forMs` in milliseconds; `at` from the beginning of the run. */
export type PlannedFault = { at: number } & (
  | { what: 'bmc'; kind: BmcTrouble; server: number; rule: FaultRule; forMs: number }
  | { what: 'packets_lost'; rack: number; part: number; forMs: number }
  | { what: 'postgres_killed'; forMs: number }
  | { what: 'cluster_away'; forMs: number }
  | { what: 'rackwright_killed' }
);

export type BmcTrouble = 'drops_sessions' | 'answers_503' | 'hangs' | 'lies' | 'ignores_boot_override' | 'session_cap';

export type ChaosSize = { seed: number; servers: number; minutes: number };

/** Mean milliseconds between two of a kind. BMC troubles: per server. */
const EVERY_MS = { bmc: 40_000, packets_lost: 20_000, postgres_killed: 35_000, cluster_away: 25_000, rackwright_killed: 12_000 };
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
const IPMI_SESSION = 'Open Session';

function bmcTrouble(random: Random, at: number, servers: number): PlannedFault {
  const kind = random.pick<BmcTrouble>([
    'drops_sessions',
    'answers_503',
    'hangs',
    'lies',
    'ignores_boot_override',
    'session_cap',
  ]);
  const server = random.below(servers);
  const forMs = random.between(1_000, 10_000);
  const count = 1 + random.below(4);
  return { at, what: 'bmc', kind, server, forMs, rule: ruleOf(kind, count, random.between(2_000, 9_000)) };
}

function ruleOf(kind: BmcTrouble, count: number, delayMs: number): FaultRule {
  switch (kind) {
    case 'drops_sessions':
      // A session that the BMC forgot answers 401 on Redfish; over IPMI nothing answers it any more.
      return { match: `${SYSTEM}|chassis`, drop: true, count };
    case 'answers_503':
      return { match: `${SYSTEM}|/Sessions`, status: 503, protocol: 'redfish', count };
    case 'hangs':
      return { match: '.', delayMs, count };
    case 'lies':
      return { match: '.', lie: true, count: 1 };
    case 'ignores_boot_override':
      return { match: `${SYSTEM}$|Set System Boot Options`, lie: true, count: 1 };
    case 'session_cap':
      return { match: `/Sessions$|${IPMI_SESSION}`, status: 503, drop: false, count };
  }
}
