// What the upper rungs of the ladder begin for a server: a work order, its system written again, a spare in its place.
import type { Facts } from '../errors.ts';
import type { ServerId } from '../ids.ts';
import type { HealthReason } from './reasons.ts';
import type { SignalName } from './signals.ts';

export const REMEDY_NAMES = ['open_work_order', 'reimage', 'replace'] as const;
export type RemedyName = (typeof REMEDY_NAMES)[number];

export const REMEDY_STATES = ['begin', 'begun', 'waits'] as const;

export type Remedy = {
  remedy: RemedyName;
  /** `begin` only within a round: whoever acts on it makes `begun` or `waits` of it. */
  state: (typeof REMEDY_STATES)[number];
  /** Of the work order, operation or replacement; null until it is begun. */
  id: string | null;
  /** Why it waits; null when it does not. */
  because: HealthReason | null;
  facts: Facts;
  /** When time alone changes it; milliseconds. */
  until: number | null;
  /** One line for people, the same as long as the trouble is the same: one work order per server and cause. */
  cause: string;
  /** What tells of the broken part, where one is suspected. */
  suspect: { signal: SignalName; detail: string } | null;
};

/** Something that was begun for a server, by whomever, newest first. */
export type Begun = {
  remedy: RemedyName;
  id: string;
  /** Of a work order; else empty. */
  cause: string;
  state: string;
  /** Nothing more comes of it. */
  over: boolean;
  /** Milliseconds since the epoch. */
  at: number;
  /** The part that it names, or the spare. */
  facts: Facts;
};

/** How a person does what the policy leaves to people: a request to the API. */
export function howToSayYes(serverId: ServerId, { remedy, cause }: Pick<Remedy, 'remedy' | 'cause'>): string {
  switch (remedy) {
    case 'open_work_order':
      return `POST /v1/work-orders ${JSON.stringify({ serverId, cause })}`;
    case 'reimage':
      return `POST /v1/servers/${serverId}/operations {"type":"reimage"} with an Idempotency-Key`;
    case 'replace':
      return `POST /v1/servers/${serverId}/replacements ${JSON.stringify({ takesOutBy: 'repair', reason: cause })} with an Idempotency-Key`;
  }
}

const ID_OF = { open_work_order: 'workOrderId', reimage: 'operationId', replace: 'replacementId' } as const;

/** For the incident of the server: what was begun, and what waits for what. */
export function remedyFacts(serverId: ServerId, remedies: readonly Remedy[]): Facts {
  const facts: Record<string, Facts[string]> = {};
  for (const one of remedies) {
    const { remedy, id, because } = one;
    // Of several parts that failed each has its order.
    const ids = facts[ID_OF[remedy]];
    if (id !== null) facts[ID_OF[remedy]] = ids === undefined ? id : `${ids}, ${id}`;
    // Facts of what was begun name the part; those of what waits say what for, and who was passed over.
    for (const [name, value] of Object.entries(one.facts)) facts[name] ??= value;
    if (because === null) continue;
    facts[`${remedy}_waits`] = because;
    if (because === 'escalation_asks' || because === 'no_spare') facts[`${remedy}_by_hand`] = howToSayYes(serverId, one);
  }
  return facts;
}
