// Leads every server of the virtual rack into service, whatever state it is found in, and tells each change of state.
import { setTimeout as pause } from 'node:timers/promises';
import { ApiProblem, type ApiClient } from '../client/api-client.ts';
import type { RackOnFile } from './register-rack.ts';

type ServerSeen = { id: string; name: string; state: string; currentOperationId: string | null };
type Tell = (line: string) => void;

const LOOK_MS = 250;

/** Ends when all are in service, or when `stopped` says so. @returns how many are in service */
export async function leadToService(api: ApiClient, rack: RackOnFile, tell: Tell, stopped: () => boolean): Promise<number> {
  const last = new Map<string, string>();
  const fresh = new Set(rack.servers.filter(({ state }) => state === 'registered').map(({ id }) => id));
  for (;;) {
    const seen = await listServers(api).catch(unlessAway);
    if (seen === undefined) {
      await pause(LOOK_MS);
      continue;
    }
    for (const server of seen) {
      if (last.get(server.id) !== server.state) tell(`${server.name}  ${last.get(server.id) ?? '·'} -> ${server.state}`);
      last.set(server.id, server.state);
    }
    const done = seen.filter(({ id, state }) => state === 'in_service' && fresh.has(id)).length;
    if (done === seen.length || stopped()) return done;
    await Promise.all(seen.map((server) => push(api, server, rack, fresh)));
    await pause(LOOK_MS);
  }
}

/** The next thing that this server needs. Its machine lives in memory only: what an earlier start left is not there any more. */
async function push(api: ApiClient, server: ServerSeen, rack: RackOnFile, fresh: Set<string>): Promise<void> {
  const begin = async (request: object): Promise<void> => {
    await api.post(`/v1/servers/${server.id}/operations`, request);
    fresh.add(server.id);
  };
  try {
    switch (server.state) {
      case 'registered':
      case 'onboarding_failed':
        return await begin({ type: 'onboard' });
      case 'available':
      case 'provisioning_failed':
        return await begin({ type: 'provision', params: { imageDigest: rack.imageDigest, clusterId: rack.clusterId } });
      case 'in_service':
      case 'degraded':
      case 'quarantined':
        if (server.state === 'in_service' && fresh.has(server.id)) return;
        return await begin({ type: 'release' });
      default:
        // An operation of an earlier start waits for a machine that is gone.
        if (!fresh.has(server.id) && server.currentOperationId) {
          fresh.add(server.id);
          await api.post(`/v1/operations/${server.currentOperationId}/cancel`, { reason: 'the virtual rack was started anew' });
        }
    }
  } catch (thrown) {
    // Somebody else acts on it as well; the next look tells.
    if (!(thrown instanceof ApiProblem && thrown.status === 409)) unlessAway(thrown);
  }
}

/** A database that starts again is no end of the show: the next look tells. */
function unlessAway(thrown: unknown): undefined {
  if (!(thrown instanceof ApiProblem && thrown.status === 503)) throw thrown;
  return undefined;
}

async function listServers(api: ApiClient): Promise<ServerSeen[]> {
  const all: ServerSeen[] = [];
  let pageToken: string | undefined;
  do {
    const query = pageToken === undefined ? '' : `&pageToken=${encodeURIComponent(pageToken)}`;
    const page = await api.get<{ items: ServerSeen[]; nextPageToken?: string | null }>(`/v1/servers?limit=500${query}`);
    all.push(...page.items);
    pageToken = page.nextPageToken ?? undefined;
  } while (pageToken !== undefined);
  return all;
}
