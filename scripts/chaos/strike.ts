// Makes planned faults happen, each at its time, and ends them all.
import { setTimeout as pause } from 'node:timers/promises';
import type { BmcMood } from '@rackwright/virtual-rack-app/bmc-mood.ts';
import type { FaultRule } from '@rackwright/virtual-rack-app/faults.ts';
import type { VirtualServer } from '@rackwright/virtual-rack-app/virtual-rack.ts';
import type { ChaosSite } from './chaos-site.ts';
import { type FaultKind, kindOf, type PlannedFault } from './plan-faults.ts';

/** IPMI has completion codes where HTTP has status: node busy, and out of sessions. */
const IPMI_CODES: Record<number, number> = { 503: 0xc0 };

/** How long after the last fault a BMC's trouble still waits to be met. */
const ARMED_MS = 15_000;
const LOOK_MS = 50;

/** How many were planned, how many of those met anything at all, and how many requests, packets or wake-ups they met together. */
export type Struck = Partial<Record<FaultKind, { planned: number; hit: number; met: number }>>;

/** What a fault has met so far; some meet what they are for long after they struck. */
type Met = () => number;

/** Ends when the last one is over, with everything whole again. Rejects when one of them could not strike. */
export async function strikeAll(site: ChaosSite, plan: readonly PlannedFault[], tell: (line: string) => void): Promise<Struck> {
  const began = Date.now();
  const armedUntil = began + (plan.at(-1)?.at ?? 0) + ARMED_MS;
  const under: Promise<{ kind: FaultKind; met: Met }>[] = [];
  for (const fault of plan) {
    const left = began + fault.at - Date.now();
    if (left > 0) await pause(left);
    tell(`${(fault.at / 1000).toFixed(1)} s: ${sayFault(fault)}`);
    // Most take a while, and meanwhile others strike.
    const striking = strike(site, fault, armedUntil).then((met) => ({ kind: kindOf(fault), met }));
    striking.catch(() => undefined);
    under.push(striking);
  }
  const struck = await Promise.all(under);
  for (const { chassis } of site.rack.servers) chassis.faults.clear();
  await site.postgres.restart();
  return countStruck(struck);
}

export function countStruck(struck: readonly { kind: FaultKind; met: Met }[]): Struck {
  const counted: Struck = {};
  for (const { kind, met } of struck) {
    const many = met();
    const sum = counted[kind] ?? { planned: 0, hit: 0, met: 0 };
    counted[kind] = { planned: sum.planned + 1, hit: sum.hit + (many > 0 ? 1 : 0), met: sum.met + many };
  }
  return counted;
}

async function strike(site: ChaosSite, fault: PlannedFault, armedUntil: number): Promise<Met> {
  switch (fault.what) {
    case 'bmc':
      return spoilBmc(site, fault, armedUntil);
    case 'packets_lost':
      return during(
        () => site.packetsLost(fault.rack),
        async () => {
          site.loss.set(fault.rack, fault.part);
          await pause(fault.forMs);
          site.loss.delete(fault.rack);
        },
      );
    case 'postgres_killed': {
      const ran = await site.postgres.kill();
      await pause(fault.forMs);
      await site.postgres.restart();
      return () => (ran ? 1 : 0);
    }
    case 'cluster_away':
      return during(site.kubernetes.turnedAway, async () => {
        site.kubernetes.setAway(true);
        await pause(fault.forMs);
        site.kubernetes.setAway(false);
      });
    case 'queue_emptied': {
      const lost = await site.emptyQueue();
      return () => lost;
    }
    case 'rackwright_killed':
      await site.killRackwright();
      return () => 1;
  }
}

/** How much a count grew meanwhile. */
async function during(count: Met, does: (met: Met) => Promise<void>): Promise<Met> {
  const before = count();
  await does(() => count() - before);
  const met = count() - before;
  return () => met;
}

/** A BMC is asked now and then: its trouble waits for the first request that meets it, and then lasts as long as was planned. */
type Lasting = (met: () => boolean) => Promise<void>;

function lasting(forMs: number, armedUntil: number): Lasting {
  return async (met) => {
    while (!met() && Date.now() < armedUntil) await pause(LOOK_MS);
    if (met()) await pause(forMs);
  };
}

type BmcFault = Extract<PlannedFault, { what: 'bmc' }>;

async function spoilBmc({ rack }: ChaosSite, fault: BmcFault, armedUntil: number): Promise<Met> {
  const spoilt = rack.servers[fault.server];
  if (!spoilt) throw new RangeError(`no server ${fault.server} whose BMC could fail`);
  const last = lasting(fault.forMs, armedUntil);
  if (fault.rule) return spoilRequests(spoilt, fault.rule, last);
  const { mood, power } = spoilt.chassis;
  switch (fault.kind) {
    case 'drops_sessions':
      // At once: sessions come and go.
      await lasting(0, armedUntil)(() => spoilt.bmcSessions() > 0);
      // Whoever had one asks in it again when it next wants something.
      return spoilt.dropBmcSessions();
    case 'session_cap':
      return spoilMood(mood, 'full', [true, false], last);
    case 'locked_out':
      return spoilMood(mood, 'lockedOut', [true, false], last);
    default:
      return spoilMood(mood, 'stalePower', [power(), undefined], last);
  }
}

function spoilMood<K extends keyof BmcMood['felt']>(
  mood: BmcMood,
  what: K,
  [bad, good]: [BmcMood[K], BmcMood[K]],
  last: Lasting,
): Promise<Met> {
  return during(
    () => mood.felt[what],
    async (met) => {
      mood[what] = bad;
      await last(() => met() > 0);
      mood[what] = good;
    },
  );
}

async function spoilRequests(spoilt: VirtualServer, rule: FaultRule, last: Lasting): Promise<Met> {
  const { faults } = spoilt.chassis;
  const status = rule.status !== undefined && spoilt.bmc.protocol === 'ipmi' ? (IPMI_CODES[rule.status] ?? 0xff) : rule.status;
  let met = 0;
  const id = faults.add({ ...rule, ...(status === undefined ? {} : { status }) }, () => (met += 1));
  await last(() => met > 0);
  faults.remove(id);
  return () => met;
}

export function sayFault(fault: PlannedFault): string {
  switch (fault.what) {
    case 'bmc':
      return `BMC of server ${fault.server} ${fault.kind}`;
    case 'packets_lost':
      return `rack ${fault.rack} loses ${Math.round(fault.part * 100)} % of its packets`;
    case 'postgres_killed':
      return `Postgres is killed, back in ${Math.round(fault.forMs)} ms`;
    case 'cluster_away':
      return `the API server is away for ${Math.round(fault.forMs)} ms`;
    case 'rackwright_killed':
      return 'Rackwright is killed';
    case 'queue_emptied':
      return 'the queue is emptied';
  }
}
