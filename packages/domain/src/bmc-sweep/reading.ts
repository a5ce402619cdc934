// What is known of a server's BMC from outside, and what one more look at it changes.
import type { BmcHealth, PowerState } from '../bmc.ts';
import { afterFailure, CLOSED, type Circuit } from './circuit.ts';

export type BmcReading = {
  power: PowerState | null;
  health: BmcHealth | null;
  /** Epoch milliseconds, as all times here. When it last answered with a reading. */
  seenAt: number | null;
  unreachableSince: number | null;
  circuit: Circuit;
  lastError: { code: string; at: number } | null;
};

export const NEVER_SEEN: BmcReading = {
  power: null,
  health: null,
  seenAt: null,
  unreachableSince: null,
  circuit: CLOSED,
  lastError: null,
};

export type Looked = { kind: 'seen'; power: PowerState; health: BmcHealth } | { kind: 'failed'; code: string };

/** Old and new value of what changed, for the event; empty: nothing to tell. */
export type ReadingChange = Partial<Record<'power' | 'health' | 'circuit', { from: string | null; to: string | null }>>;

export function afterLook(
  before: BmcReading,
  looked: Looked,
  now: number,
  spread: number,
): { reading: BmcReading; change: ReadingChange } {
  const reading = looked.kind === 'seen' ? seen(looked, now) : failed(before, looked.code, now, spread);
  return { reading, change: changeBetween(before, reading) };
}

function seen({ power, health }: Extract<Looked, { kind: 'seen' }>, now: number): BmcReading {
  return { power, health, seenAt: now, unreachableSince: null, circuit: CLOSED, lastError: null };
}

function failed(before: BmcReading, code: string, now: number, spread: number): BmcReading {
  const circuit = afterFailure(before.circuit, code, now, spread);
  // Power and health stay as they were last seen: `seenAt` says how old they are.
  const unreachableSince = circuit.failures > 0 ? (before.unreachableSince ?? now) : null;
  return { ...before, circuit, unreachableSince, lastError: { code, at: now } };
}

function changeBetween(before: BmcReading, after: BmcReading): ReadingChange {
  const change: ReadingChange = {};
  // The first sight of a BMC is no change of anything.
  if (before.power !== null && before.power !== after.power) change.power = { from: before.power, to: after.power };
  if (before.health !== null && before.health !== after.health) change.health = { from: before.health, to: after.health };
  if (before.circuit.state !== after.circuit.state) change.circuit = { from: before.circuit.state, to: after.circuit.state };
  return change;
}

/** What a person or the world must do before this BMC is asked again without further ado. */
export function whatCloses({ state }: Circuit): 'its_next_answer' | 'new_credentials_or_address' | null {
  switch (state) {
    case 'closed':
      return null;
    case 'open':
      return 'its_next_answer';
    case 'refused':
      return 'new_credentials_or_address';
  }
}
