// After a blackout: which servers of a site go on in which order, in waves that its feeds carry, and who is left out and why.
import type { RackId, ServerId } from '../ids.ts';
import { mayRunErrand } from '../server-lifecycle/errands.ts';
import type { Circuit } from './circuits.ts';
import { grantPower, type RunningLoad } from './grant-power.ts';
import { countsAsOn } from './known-power.ts';
import type { ServerInRack } from './rack-power.ts';

/** In the order in which they go on: what others need comes first. */
export const TIERS = ['control_plane', 'storage', 'worker'] as const;
export type Tier = (typeof TIERS)[number];

/** `ready`: those after it need it to serve. `on`: the next wave needs its inrush to be over, and nothing else. */
export const WAITS_FOR = { control_plane: 'ready', storage: 'ready', worker: 'on' } as const satisfies Record<
  Tier,
  'ready' | 'on'
>;

export const ROLE_LABEL = 'rackwright.dev/role';
const CONTROL_PLANE_LABEL = 'node-role.kubernetes.io/control-plane';

/** By the server's labels: `rackwright.dev/role` control-plane or storage, or the label that kubeadm gives control planes. */
export function tierOf(labels: Readonly<Record<string, string>>): Tier {
  const role = labels[ROLE_LABEL];
  if (role === 'control-plane' || Object.hasOwn(labels, CONTROL_PLANE_LABEL)) return 'control_plane';
  return role === 'storage' ? 'storage' : 'worker';
}

export type ColdServer = Pick<ServerInRack, 'id' | 'name' | 'state' | 'power' | 'draw' | 'drawFrom'> & {
  rackId: RackId | null;
  uPosition: number | null;
  labels: Record<string, string>;
  /** When its power was ordered or seen, in milliseconds since the epoch. */
  powerAt: number | null;
  hasBmc: boolean;
  /** An operation holds it. */
  busy: boolean;
};
export type ColdRack = {
  id: RackId;
  name: string;
  switches: { name: string; managementAddress: string | null }[];
  circuits: Circuit[];
  atOnce: number | undefined;
};
export type ColdSite = {
  /** What was seen on from then on is believed to be on, in milliseconds since the epoch; null: after a blackout no memory is. */
  seenSince: number | null;
  racks: ColdRack[];
  servers: ColdServer[];
};

export type WhyLeftOut =
  | 'not_in_service'
  | 'bmc_missing'
  | 'operation_in_progress'
  | 'already_on'
  /** Alone it draws more than a circuit carries. */
  | 'never_fits'
  /** With all that goes on before it, too little is left. */
  | 'over_budget';

export type PlannedServer = { serverId: ServerId; name: string; rack: string | null; drawFrom: 'model' | 'assumed' };
export type Wave = {
  number: number;
  tier: Tier;
  waitsFor: 'ready' | 'on';
  servers: PlannedServer[];
  /** Seconds after the beginning, and how long it takes: expectations, for people. */
  startsAfter: number;
  lasts: number;
};
export type ColdStartPlan = {
  /** They go on by themselves, before everything else: somebody looks whether they did. */
  switches: { rack: string; name: string; managementAddress: string | null }[];
  waves: Wave[];
  leftOut: { serverId: ServerId; name: string; state: string; why: WhyLeftOut; circuit: string | null }[];
  expectedSeconds: number;
};

/** From power to Ready: firmware, disk, kubelet. */
const BOOT_SECONDS = 300;
/** Asking BMCs, and the next look at the line. */
const ORDER_SECONDS = 10;

export function planColdStart(site: ColdSite): ColdStartPlan {
  const reasons = new Map(site.servers.map((server) => [server.id, whyNot(server, site.seenSince)]));
  const candidates = inPlaces(site.servers.filter(({ id }) => reasons.get(id) === undefined));
  const running = site.servers.filter((server) => reasons.get(server.id) !== undefined && draws(server)).map(steadily);
  const leftOut = site.servers.flatMap(({ id, name, state }): ColdStartPlan['leftOut'] => {
    const why = reasons.get(id);
    return why === undefined ? [] : [{ serverId: id, name, state, why, circuit: null }];
  });

  const waves: Wave[] = [];
  for (const tier of TIERS) {
    const ofTier = candidates.filter(({ labels }) => tierOf(labels) === tier);
    const { batches, tooMuch } = batchesOf(ofTier, site.racks, running);
    leftOut.push(...tooMuch);
    for (const batch of batches) waves.push(waveOf(batch, tier, site.racks, waves));
  }
  const last = waves.at(-1);
  return {
    switches: site.racks.flatMap(({ name: rack, switches }) => switches.map((one) => ({ rack, ...one }))),
    waves,
    leftOut: leftOut.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    expectedSeconds: last === undefined ? 0 : last.startsAfter + Math.max(last.lasts, BOOT_SECONDS),
  };
}

function whyNot({ state, hasBmc, busy, power, powerAt }: ColdServer, seenSince: number | null): WhyLeftOut | undefined {
  if (!mayRunErrand('power-on-server', state)) return 'not_in_service';
  if (busy) return 'operation_in_progress';
  if (!hasBmc) return 'bmc_missing';
  if (power === 'on' && powerAt !== null && seenSince !== null && powerAt >= seenSince) return 'already_on';
  return undefined;
}

const draws = ({ state, power }: ColdServer): boolean => countsAsOn(state, power);
type InRack = RunningLoad & { rackId: RackId | null };
const steadily = ({ id, draw, rackId }: ColdServer): InRack => ({ serverId: id, draw, rackId, startsUntil: null, on: true });

/** From the bottom of each rack; those without a place behind them. */
function inPlaces(servers: ColdServer[]): ColdServer[] {
  const place = ({ uPosition }: ColdServer) => uPosition ?? Number.MAX_SAFE_INTEGER;
  return servers.toSorted((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}

/** Each rack's first batch makes the first wave, and so on. What is granted is added to `running`. */
function batchesOf(servers: ColdServer[], racks: ColdRack[], running: InRack[]) {
  const batches: ColdServer[][] = [];
  const tooMuch: ColdStartPlan['leftOut'] = [];
  const add = (at: number, server: ColdServer): void => void (batches[at] ??= []).push(server);
  const known = new Set(racks.map(({ id }) => id));
  // What hangs on nothing we know is held back by nothing we know.
  for (const server of servers) if (server.rackId === null || !known.has(server.rackId)) add(0, server);
  for (const rack of racks) {
    let left = servers.filter(({ rackId }) => rackId === rack.id);
    for (let at = 0; left.length > 0; at++) {
      const here = running.filter(({ rackId }) => rackId === rack.id);
      const requests = left.map(({ id, draw }, place) => ({ serverId: id, askedAt: place, draw }));
      const { granted, waiting } = grantPower(requests, rack, here);
      const begun = left.filter(({ id }) => granted.includes(id));
      if (begun.length === 0) {
        for (const { id, name, state } of left) {
          const wait = waiting.find(({ serverId }) => serverId === id);
          const why = wait?.why === 'never_fits' ? 'never_fits' : 'over_budget';
          tooMuch.push({ serverId: id, name, state, why, circuit: wait?.circuit?.name ?? null });
        }
        break;
      }
      for (const server of begun) add(at, server);
      running.push(...begun.map(steadily));
      left = left.filter(({ id }) => !granted.includes(id));
    }
  }
  return { batches, tooMuch };
}

function waveOf(servers: ColdServer[], tier: Tier, racks: ColdRack[], before: readonly Wave[]): Wave {
  const waitsFor = WAITS_FOR[tier];
  const inrush = Math.max(...servers.map(({ draw }) => draw.inrushSeconds));
  const last = before.at(-1);
  return {
    number: before.length + 1,
    tier,
    waitsFor,
    servers: servers.map(({ id, name, rackId, drawFrom }) => ({
      serverId: id,
      name,
      rack: racks.find((rack) => rack.id === rackId)?.name ?? null,
      drawFrom,
    })),
    startsAfter: last === undefined ? 0 : last.startsAfter + last.lasts,
    lasts: ORDER_SECONDS + (waitsFor === 'ready' ? BOOT_SECONDS : inrush),
  };
}
