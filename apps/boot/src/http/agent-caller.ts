// Whose agent is calling: the bearer of a boot ticket's token, or a stranger's agent with a signed one.
import { createHash } from 'node:crypto';
import type { ServerId, TicketId } from '@rackwright/domain/ids.ts';
import { readDiscoveryToken } from './discovery-token.ts';
import { type Exchange, HttpProblem } from './exchange.ts';
import type { BootHttpNeeds } from './needs.ts';

export type AgentCaller = { kind: 'server'; ticketId: TicketId; serverId: ServerId } | { kind: 'stranger'; mac: string };

const LONGEST_TOKEN = 256;

/** Throws HttpProblem 401. Looked up by its hash, so that the time it takes says nothing about tokens that exist. */
export function agentCaller(
  { request }: Exchange,
  { now, tickets, discoveryKey }: Pick<BootHttpNeeds, 'now' | 'tickets' | 'discoveryKey'>,
): AgentCaller {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined || token.length > LONGEST_TOKEN) throw new HttpProblem(401, 'token_missing');
  const held = tickets.byTokenHash(createHash('sha256').update(token).digest('hex'));
  if (held && held.expiresAt > now()) return { kind: 'server', ticketId: held.ticketId, serverId: held.serverId };
  const mac = held ? undefined : readDiscoveryToken(discoveryKey, token, now());
  if (mac === undefined) throw new HttpProblem(401, 'token_unknown_or_expired');
  return { kind: 'stranger', mac };
}
