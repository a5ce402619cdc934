// The three kinds of error: a Refusal is the caller's to mend, a Fault is the world's, anything else is a Bug of ours.

/** Facts that go with an error, shown to people and programs. Never a secret. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** The caller asked for something that the rules forbid. `code` stands in the error catalogue of api-contract. */
export class Refusal extends Error {
  readonly kind = 'refusal';
  readonly code: string;
  readonly facts: Facts;

  constructor(code: string, facts: Facts = {}) {
    super(`refused: ${code} ${JSON.stringify(facts)}`);
    this.name = 'Refusal';
    this.code = code;
    this.facts = facts;
  }
}

export type Retry = 'soon' | 'later' | 'never';

export type FaultDetails = {
  /** A code of the catalogue, for example `bmc_unreachable`. */
  code: string;
  /** What we were doing, to whom: "set one-time network boot on 10.0.4.12 (Redfish)". */
  doing: string;
  /** `soon`: a hiccup, again in seconds. `later`: minutes. `never`: trying again changes nothing. */
  retry: Retry;
  /** Did the deed happen? `maybe` after a write without an answer: read back before anything else. */
  effect?: 'none' | 'maybe' | 'done';
  /** The device asked us to wait this long. */
  retryAfterMs?: number;
  facts?: Facts;
  cause?: unknown;
};

/** The world failed us: a device, a network, another system. */
export class Fault extends Error {
  readonly kind = 'fault';
  readonly code: string;
  readonly doing: string;
  readonly retry: Retry;
  readonly effect: 'none' | 'maybe' | 'done';
  readonly retryAfterMs: number | undefined;
  readonly facts: Facts;

  constructor(details: FaultDetails) {
    super(`${details.doing}: ${details.code}${sayCause(details.cause)}`, { cause: details.cause });
    this.name = 'Fault';
    this.code = details.code;
    this.doing = details.doing;
    this.retry = details.retry;
    this.effect = details.effect ?? 'none';
    this.retryAfterMs = details.retryAfterMs;
    this.facts = details.facts ?? {};
  }
}

function sayCause(cause: unknown): string {
  if (cause instanceof Error) return `: ${cause.message}`;
  return typeof cause === 'string' ? `: ${cause}` : '';
}
