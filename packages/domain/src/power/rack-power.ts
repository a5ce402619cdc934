// A rack's power at one moment: what its circuits carry, what runs, who may start and who waits; for decisions and for people.
import type { OperationId, RackId, ServerId, SiteId } from '../ids.ts';
import { ampsOn, type Circuit } from './circuits.ts';
import type { Watts } from './draw.ts';
import { grantPower, type PowerRequest, type PowerWait, type RunningLoad, wattsNow } from './grant-power.ts';
import { countsAsOn } from './known-power.ts';

export type ServerInRack = {
  id: ServerId;
  name: string;
  state: string;
  /** As ordered or seen last; null when it never was. */
  power: 'on' | 'off' | null;
  draw: Watts;
  drawFrom: 'model' | 'assumed';
  operationId: OperationId | null;
  /** Milliseconds since the epoch, as the database counts them. */
  askedAt: number | null;
  grantedAt: number | null;
  usedAt: number | null;
  expiresAt: number | null;
  /** Its operation still runs. */
  live: boolean;
};

export type RackPowerState = {
  id: RackId;
  siteId: SiteId;
  name: string;
  now: number;
  circuits: Circuit[];
  /** How many may start at the same time; undefined: as many as the circuits carry. */
  atOnce: number | undefined;
  servers: ServerInRack[];
};

/** Granted, and the grant has not run out. */
export function holdsGrant({ grantedAt, expiresAt }: ServerInRack, now: number): boolean {
  return grantedAt !== null && expiresAt !== null && expiresAt > now;
}

/** Those whose operation still wants it; who let a grant run out unused asks again. */
export function requestsOf({ servers }: RackPowerState): PowerRequest[] {
  return servers.flatMap(({ id, live, askedAt, grantedAt, draw }) =>
    live && askedAt !== null && grantedAt === null ? [{ serverId: id, askedAt, draw }] : [],
  );
}

export function runningOf({ servers, now }: RackPowerState): RunningLoad[] {
  return servers.flatMap((server) => {
    const startsUntil = holdsGrant(server, now) ? server.expiresAt : null;
    const on = countsAsOn(server.state, server.power);
    return on || startsUntil !== null ? [{ serverId: server.id, draw: server.draw, startsUntil, on }] : [];
  });
}

export type CircuitLoad = Circuit & {
  /** What runs, without those that start. */
  steadyAmps: number;
  /** Of those that start or may begin to. */
  startingAmps: number;
  freeAmps: number;
};
export type PowerGrant = { server: ServerInRack; amps: { circuit: string; amps: number }[] };
export type RackPowerReport = {
  circuits: CircuitLoad[];
  grants: PowerGrant[];
  waiting: (PowerWait & { server: ServerInRack })[];
};

export function reportRackPower(rack: RackPowerState): RackPowerReport {
  const running = runningOf(rack);
  const byId = new Map(rack.servers.map((server) => [server.id, server]));
  const circuits = rack.circuits.map((circuit): CircuitLoad => {
    const amps = (loads: RunningLoad[]) => loads.reduce((sum, load) => sum + ampsOn(circuit, wattsNow(load)), 0);
    const steadyAmps = amps(running.filter(({ startsUntil }) => startsUntil === null));
    const startingAmps = amps(running.filter(({ startsUntil }) => startsUntil !== null));
    return { ...circuit, steadyAmps, startingAmps, freeAmps: Math.max(0, circuit.budgetAmps - steadyAmps - startingAmps) };
  });
  const grants = rack.servers
    .filter((server) => holdsGrant(server, rack.now))
    .map((server) => ({
      server,
      amps: rack.circuits.map((circuit) => ({ circuit: circuit.name, amps: ampsOn(circuit, server.draw.inrush) })),
    }));
  // Whoever could go now is granted within a second by the next look at the line.
  const { waiting } = grantPower(requestsOf(rack), rack, running);
  return {
    circuits,
    grants,
    waiting: waiting.flatMap((wait) => {
      const server = byId.get(wait.serverId);
      return server ? [{ ...wait, server }] : [];
    }),
  };
}
