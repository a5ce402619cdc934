// From what others say (Node conditions, event logs, failed operations) to our signals.
import type { BmcLogEntry } from '../bmc.ts';
import type { BmcReading } from '../bmc-sweep/reading.ts';
import { rowOf, SIGNAL_NAMES, type SignalName } from './signals.ts';

export type SeenSignal = { signal: SignalName /** What was said, for people; bounded. */; detail: string };

type Condition = { type: string; status: string; reason: string; message: string };

const MOST_CHARACTERS = 300;
const byCondition = new Map(
  SIGNAL_NAMES.filter((name) => rowOf(name).from === 'node').map((name) => [String(rowOf(name).seen), name]),
);

/** Every condition of the Node that stands in the table. A Node without a Ready condition has only just joined: no signal. */
export function signalsOfNode(conditions: readonly Condition[]): SeenSignal[] {
  return conditions.flatMap(({ type, status, reason, message }) => {
    const signal = byCondition.get(`${type}=${status}`);
    return signal === undefined ? [] : [{ signal, detail: bounded(message || reason) }];
  });
}

/**
 * Findings of the event log; one per signal, the newest. Entries that are only informative say nothing, nor do those without a time:
 * they may be years old.
 * @param since  RFC 3339; entries before it are history
 */
export function signalsOfEventLog(log: readonly BmcLogEntry[], since: string): SeenSignal[] {
  return signalsOfNewEntries(log.filter(({ at }) => at !== null && Date.parse(at) >= Date.parse(since)));
}

/** The same of entries that are known to be new, whatever the clock of their BMC says. */
export function signalsOfNewEntries(log: readonly Pick<BmcLogEntry, 'severity' | 'message'>[]): SeenSignal[] {
  const found = new Map<SignalName, SeenSignal>();
  for (const { severity, message } of log) {
    const signal = severity === 'ok' ? undefined : signalOfMessage(message);
    if (signal !== undefined) found.set(signal, { signal, detail: bounded(message) });
  }
  return [...found.values()];
}

/** Does the BMC count its machine as critical? Undefined: no news, as of a BMC that is silent, that is starting, or that does not know. */
export function saysCritical({ health, lastError }: Pick<BmcReading, 'health' | 'lastError'>): boolean | undefined {
  if (lastError !== null || health === null || health === 'unknown') return undefined;
  return health === 'critical';
}

/** @param waitedFor  what the failed step waited for until its deadline */
export function signalOfFailure(waitedFor: string): SignalName | undefined {
  return SIGNAL_NAMES.find((name) => rowOf(name).from === 'operation' && rowOf(name).seen === waitedFor);
}

function signalOfMessage(message: string): SignalName | undefined {
  const text = bounded(message);
  return SIGNAL_NAMES.find((name) => {
    const { seen } = rowOf(name);
    return seen instanceof RegExp && seen.test(text);
  });
}

const bounded = (text: string): string => text.replaceAll('\0', '').slice(0, MOST_CHARACTERS).toWellFormed();
