// Who in a rack may power on now: first come, first served, and never more than the circuits carry.
import type { ServerId } from '../ids.ts';
import { ampsOn, type Circuit } from './circuits.ts';
import type { Watts } from './draw.ts';

export type PowerRequest = {
  serverId: ServerId;
  /** Milliseconds since the epoch. */
  askedAt: number;
  draw: Watts;
};

/** What draws power now, or may begin to at any moment because it was granted. */
export type RunningLoad = {
  serverId: ServerId;
  draw: Watts;
  /** Until when it may draw its inrush, in milliseconds since the epoch; null when it just runs. */
  startsUntil: number | null;
  /** Whether it goes on drawing afterwards: not when it was off and its grant is never used. */
  on: boolean;
};

export type PowerWait = {
  serverId: ServerId;
  /**
   * `inrush`: others start at this moment. `load`: what runs leaves too little, somebody must free some.
   * `never_fits`: more than the circuit carries at all. `turn`: others were before it. `at_once`: so many start already.
   */
  why: 'inrush' | 'load' | 'never_fits' | 'turn' | 'at_once';
  /** The circuit that is fullest for it; undefined for `at_once`. */
  circuit: Circuit | undefined;
  askedAmps: number;
  freeAmps: number;
  /** When the next start is over, in milliseconds since the epoch; undefined when none is under way. */
  nextFreeAt: number | undefined;
};

/** Who or what can end such a wait. */
export const FREED_BY = {
  inrush: 'the servers that start now having started',
  turn: 'the servers that asked before it having started',
  at_once: 'one of the servers that start now having started',
  load: 'another server of the rack being powered off, or a larger feed or maximum utilisation on file',
  never_fits:
    'a larger feed or maximum utilisation on file, or a smaller draw of its hardware model: alone it draws more than there is',
} satisfies Record<PowerWait['why'], string>;

export type PowerGrants = { granted: ServerId[]; waiting: PowerWait[] };

/** Amperes are sums of quotients. */
const ROUNDING = 1e-9;

/**
 * In the order of `askedAt`, then of ids. Whoever would fit once the present starts are over is overtaken by nobody, so that small
 * servers cannot starve a large one; whoever waits for something without an end (a running load, a larger feed) holds nobody up.
 * @param atOnce  how many may start at the same time; undefined: as many as the circuits carry
 */
export function grantPower(
  requests: readonly PowerRequest[],
  budget: { circuits: readonly Circuit[]; atOnce: number | undefined },
  running: readonly RunningLoad[],
): PowerGrants {
  const { circuits, atOnce } = budget;
  const loads = new Map(running.map((load) => [load.serverId, load]));
  const ends = running.flatMap(({ startsUntil }) => startsUntil ?? []);
  const nextFreeAt = ends.length === 0 ? undefined : Math.min(...ends);
  const granted: ServerId[] = [];
  const waiting: PowerWait[] = [];
  let held = false;
  for (const request of inOrder(requests)) {
    const others = [...loads.values()].filter(({ serverId }) => serverId !== request.serverId);
    const fits = circuits.map((circuit) => fit(circuit, request.draw, others));
    const blocked = fits.filter(({ why }) => why !== 'fits').sort((a, b) => SERIOUSNESS[b.why] - SERIOUSNESS[a.why])[0];
    const starting = others.filter(({ startsUntil }) => startsUntil !== null).length;
    const tooMany = atOnce !== undefined && starting >= atOnce;
    if (blocked === undefined && !held && !tooMany) {
      granted.push(request.serverId);
      loads.set(request.serverId, { serverId: request.serverId, draw: request.draw, startsUntil: Infinity, on: true });
      continue;
    }
    const endless = blocked?.why === 'load' || blocked?.why === 'never_fits';
    const why = blocked !== undefined && blocked.why !== 'fits' ? blocked.why : tooMany ? 'at_once' : 'turn';
    if (!endless) held = true;
    const shown = blocked ?? fits.toSorted((a, b) => a.freeAmps - b.freeAmps)[0];
    waiting.push({
      serverId: request.serverId,
      why,
      circuit: why === 'at_once' ? undefined : shown?.circuit,
      askedAmps: shown?.askedAmps ?? 0,
      freeAmps: shown?.freeAmps ?? 0,
      nextFreeAt,
    });
  }
  return { granted, waiting };
}

export function inOrder<R extends Pick<PowerRequest, 'serverId' | 'askedAt'>>(requests: readonly R[]): R[] {
  return requests.toSorted((a, b) => a.askedAt - b.askedAt || (a.serverId < b.serverId ? -1 : 1));
}

/** Watts it may draw at this moment. */
export function wattsNow({ draw, startsUntil, on }: RunningLoad): number {
  if (startsUntil !== null) return draw.inrush;
  return on ? draw.steady : 0;
}

const SERIOUSNESS = { fits: 0, inrush: 1, load: 2, never_fits: 3 } as const;
type Fit = { circuit: Circuit; why: keyof typeof SERIOUSNESS; askedAmps: number; freeAmps: number };

function fit(circuit: Circuit, draw: Watts, others: readonly RunningLoad[]): Fit {
  const sum = (watts: (load: RunningLoad) => number) => others.reduce((amps, load) => amps + ampsOn(circuit, watts(load)), 0);
  const askedAmps = ampsOn(circuit, draw.inrush);
  const room = circuit.budgetAmps + ROUNDING;
  const now = sum(wattsNow);
  // A grant may be used at its last moment: what was off counts as on as soon as it may be.
  const later = sum((load) => (load.on || load.startsUntil !== null ? load.draw.steady : 0));
  const why = now + askedAmps <= room ? 'fits' : askedAmps > room ? 'never_fits' : later + askedAmps > room ? 'load' : 'inrush';
  return { circuit, why, askedAmps, freeAmps: Math.max(0, circuit.budgetAmps - now) };
}
