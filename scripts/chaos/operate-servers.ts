// The operator of a chaos run: puts servers into service, re-images, repairs and takes them out in an order that the seed knows, cancels now and then,
// tries again what failed.
import { setTimeout as pause } from 'node:timers/promises';
import { ApiProblem } from '@rackwright/rackwright-app/client/api-client.ts';
import type { ChaosSite } from './chaos-site.ts';
import { type Begun, NEXT, type Visit, visitsOf } from './operator-dice.ts';

type ServerSeen = { id: string; name: string; state: string; currentOperationId: string | null };
type OperationSeen = { id: string; createdAt: string; waitingFor: { code: string } | null };

const LOOK_MS = 400;
/** An operator's patience with a machine that does not report; the workflow's own is eight minutes. */
const PATIENCE_MS = 45_000;

/** One server as its operator remembers it. */
type Remembered = { draw: () => Visit; visit: Visit; operationId: string | null; since: number };

/** Until told to stop. Whatever cannot be done now, because Rackwright or its database is away, is done at another look. */
export async function operateAtRandom(site: ChaosSite, seed: number, stopped: () => boolean): Promise<void> {
  const known = new Map<string, Remembered>();
  const numbers = new Map(site.rack.servers.map(({ name }, n) => [name, n]));
  while (!stopped()) {
    for (const server of await look(site)) {
      const one = known.get(server.id) ?? meet(visitsOf(seed, numbers.get(server.name) ?? 0));
      known.set(server.id, one);
      await attend(site, server, one);
    }
    await pause(LOOK_MS);
  }
}

function meet(draw: () => Visit): Remembered {
  return { draw, visit: draw(), operationId: null, since: Date.now() };
}

async function attend(site: ChaosSite, server: ServerSeen, one: Remembered): Promise<void> {
  if (server.currentOperationId !== one.operationId) {
    // It came to rest: the visit is over. What began without us is let run as long as what we would have begun.
    if (server.currentOperationId === null) one.visit = one.draw();
    one.operationId = server.currentOperationId;
    one.since = Date.now();
  }
  const waited = Date.now() - one.since;
  if (server.currentOperationId !== null) {
    if (waited >= one.visit.cancelAfterMs) await cancel(site, server.currentOperationId);
  } else if (waited >= one.visit.restMs) {
    const begun = await begin(site, server, one.visit.next(server.state));
    if (begun === 'away') return;
    if (begun !== 'refused') one.operationId = begun;
    else one.visit = one.draw();
    one.since = Date.now();
  }
}

/** Until every server is available or in service. @returns those that are not within the limit, and why */
export async function settle(site: ChaosSite, limitMs: number): Promise<string[]> {
  const end = Date.now() + limitMs;
  for (;;) {
    const seen = await look(site);
    const restless = seen.filter(({ state, currentOperationId }) => !SETTLED.has(state) || currentOperationId !== null);
    if (seen.length === site.onFile.servers.length && restless.length === 0) return [];
    if (Date.now() > end)
      return restless.map(({ name, state, currentOperationId }) => `${name} is ${state} (${currentOperationId})`);
    for (const server of restless) {
      if (server.currentOperationId === null) await begin(site, server, NEXT[server.state]);
      else await help(site, server, server.currentOperationId);
    }
    await pause(LOOK_MS);
  }
}

const SETTLED = new Set(['available', 'in_service']);

async function look({ api }: ChaosSite): Promise<ServerSeen[]> {
  const page = await api.get<{ items: ServerSeen[] }>('/v1/servers?limit=500').catch(() => undefined);
  return page?.items ?? [];
}

/** @returns the operation's id; `refused` when it may not be now, or when there is nothing to begin; `away` when nobody answered */
async function begin({ api, onFile }: ChaosSite, { id }: ServerSeen, type: Begun): Promise<string> {
  if (type === undefined) return 'refused';
  const { imageDigest, clusterId } = onFile;
  const request = type === 'provision' ? { type, params: { imageDigest, clusterId } } : { type };
  try {
    return (await api.post<{ id: string }>(`/v1/servers/${id}/operations`, request)).id;
  } catch (thrown) {
    return thrown instanceof ApiProblem && thrown.status < 500 ? 'refused' : 'away';
  }
}

async function cancel({ api }: ChaosSite, id: string): Promise<void> {
  await api.post(`/v1/operations/${id}/cancel`, { reason: 'chaos' }).catch(() => undefined);
}

/** What a person does about an operation that does not get on by itself. */
async function help(site: ChaosSite, { name }: ServerSeen, id: string): Promise<void> {
  const operation = await site.api.get<OperationSeen>(`/v1/operations/${id}`).catch(() => undefined);
  if (!operation?.waitingFor || Date.now() - Date.parse(operation.createdAt) <= PATIENCE_MS) return;
  if (SILENT.has(operation.waitingFor.code)) await cancel(site, id);
  else if (operation.waitingFor.code === 'fence_unproven') await walkThere(site, name, id);
}

/** A BMC that refused our password is asked once an hour, and nobody waits that long here: somebody pulls the cords, sees that it is off, and says so. */
async function walkThere({ rack, api }: ChaosSite, name: string, id: string): Promise<void> {
  const chassis = rack.servers.find((server) => server.name === name)?.chassis;
  if (chassis?.power() !== 'off') return void chassis?.act('off');
  const answer = { answer: 'confirm_power_off', person: 'Chaos Operator', evidence: 'both cords pulled' };
  await api.post(`/v1/operations/${id}/answers`, answer).catch(() => undefined);
}

/** What a machine that fell off the way to its agent or its cluster looks like. */
const SILENT = new Set(['agent_report', 'node_not_seen', 'node_not_ready', 'node_still_ready']);
