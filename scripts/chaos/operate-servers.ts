// The operator of a chaos run: puts servers into service, re-images, repairs and takes them out in random order, cancels now and then,
// tries again what failed.
import { setTimeout as pause } from 'node:timers/promises';
import type { ChaosSite } from './chaos-site.ts';
import type { Random } from './seeded.ts';

type ServerSeen = { id: string; name: string; state: string; currentOperationId: string | null };
type OperationSeen = { id: string; createdAt: string; waitingFor: { code: string } | null };

const LOOK_MS = 400;
/** A server that rests is sent on its way at one look in three. */
const BEGINS = 0.3;
const CANCELS = 0.01;
/** An operator's patience with a machine that does not report; the workflow's own is eight minutes. */
const PATIENCE_MS = 45_000;

/** Until told to stop. Whatever cannot be done now, because Rackwright or its database is away, is done at another look. */
export async function operateAtRandom(site: ChaosSite, random: Random, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    for (const server of await look(site)) {
      if (server.currentOperationId !== null) {
        if (random.chance(CANCELS)) await cancel(site, server.currentOperationId);
      } else if (random.chance(BEGINS)) await begin(site, server, nextOf(server.state, random));
    }
    await pause(LOOK_MS);
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
      else await cancelSilent(site, server.currentOperationId);
    }
    await pause(LOOK_MS);
  }
}

const SETTLED = new Set(['available', 'in_service']);

type Begun = 'onboard' | 'provision' | 'reimage' | 'release' | 'isolate' | 'validate' | undefined;
const NEXT: Readonly<Record<string, Begun>> = {
  registered: 'onboard',
  onboarding_failed: 'onboard',
  available: 'provision',
  provisioning_failed: 'release',
  in_service: 'release',
  degraded: 'release',
  quarantined: 'release',
  in_repair: 'validate',
};

/** One node in three is written again before it goes, one in four goes to repair; of those that are idle one in eight. */
function nextOf(state: string, random: Random): Begun {
  if (state === 'in_service' && random.chance(1 / 3)) return 'reimage';
  if (state === 'in_service' && random.chance(1 / 4)) return 'isolate';
  if (state === 'available' && random.chance(1 / 8)) return 'isolate';
  return NEXT[state];
}

async function look({ api }: ChaosSite): Promise<ServerSeen[]> {
  const page = await api.get<{ items: ServerSeen[] }>('/v1/servers?limit=500').catch(() => undefined);
  return page?.items ?? [];
}

async function begin({ api, onFile }: ChaosSite, { id }: ServerSeen, type: Begun): Promise<void> {
  if (type === undefined) return;
  const { imageDigest, clusterId } = onFile;
  const request = type === 'provision' ? { type, params: { imageDigest, clusterId } } : { type };
  await api.post(`/v1/servers/${id}/operations`, request).catch(() => undefined);
}

async function cancel({ api }: ChaosSite, id: string): Promise<void> {
  await api.post(`/v1/operations/${id}/cancel`, { reason: 'chaos' }).catch(() => undefined);
}

async function cancelSilent(site: ChaosSite, id: string): Promise<void> {
  const operation = await site.api.get<OperationSeen>(`/v1/operations/${id}`).catch(() => undefined);
  const silent = operation?.waitingFor && SILENT.has(operation.waitingFor.code);
  if (silent && Date.now() - Date.parse(operation.createdAt) > PATIENCE_MS) await cancel(site, id);
}

/** What a machine that fell off the way to its agent or its cluster looks like. */
const SILENT = new Set(['agent_report', 'node_not_seen', 'node_not_ready', 'node_still_ready']);
