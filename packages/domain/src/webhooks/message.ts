// What a webhook's receiver gets: which events it wants, and the message made of each (Standard Webhooks specification).

export type WebhookFilter = {
  /** Subjects (`server`) or kinds of event (`server.moved`); empty for all. */
  kinds: readonly string[];
  /** Only what concerns this server, operation or other thing; null for all. */
  subjectId: string | null;
};

export type OutboxEvent = {
  seq: number;
  at: string;
  kind: string;
  subject: { kind: string; id: string };
  serverId: string | null;
  operationId: string | null;
  version: number | null;
  payload: Record<string, unknown>;
};

export type WebhookMessage = {
  /** `webhook-id`: the same on every attempt, and the event's id in GET /v1/events. */
  id: string;
  type: string;
  /** Messages of one lane leave in order; each server is a lane. */
  lane: string;
  body: string;
};

/** The specification asks for less than 20 kB. */
const MOST_BODY_CHARACTERS = 16_000;

export function wantsEvent({ kinds, subjectId }: WebhookFilter, event: Omit<OutboxEvent, 'payload'>): boolean {
  const ofKind = kinds.length === 0 || kinds.includes(event.kind) || kinds.includes(event.subject.kind);
  return ofKind && (subjectId === null || [event.subject.id, event.serverId, event.operationId].includes(subjectId));
}

export function eventMessage(event: OutboxEvent, epoch: string): WebhookMessage {
  const { seq, at, kind, payload, ...facts } = event;
  const id = `e${epoch}-${seq}`;
  const whole = say(kind, at, { ...facts, payload });
  // Thin by contract: who needs more reads the subject.
  const body = whole.length <= MOST_BODY_CHARACTERS ? whole : say(kind, at, { ...facts, payload: null });
  return { id, type: kind, lane: event.serverId ?? event.subject.id, body };
}

export function testMessage(id: string, webhook: { id: string; name: string }, at: string): WebhookMessage {
  const facts = { subject: { kind: 'webhook', id: webhook.id }, name: webhook.name };
  return { id, type: 'webhook.test', lane: `test ${id}`, body: say('webhook.test', at, facts) };
}

/** Events that were forgotten before this webhook came to them: who keeps a copy reads everything anew. */
export function gapMessage(epoch: string, after: number, through: number, at: string): WebhookMessage {
  const facts = { after: `e${epoch}-${after}`, through: `e${epoch}-${through}` };
  return {
    id: `e${epoch}-${after}-gap`,
    type: 'webhook.events_lost',
    lane: 'events lost',
    body: say('webhook.events_lost', at, facts),
  };
}

/** What is signed: specification, "Signature scheme". */
export const signedText = (id: string, timestampSeconds: number, body: string): string => `${id}.${timestampSeconds}.${body}`;

const say = (type: string, timestamp: string, facts: object): string => JSON.stringify({ type, timestamp, data: facts });
