// When restarts are not, or no longer, the remedy: to whom the server goes.
import { hours } from '../durations.ts';
import type { Facts } from '../errors.ts';
import { type Rung, RUNGS } from './ladder.ts';
import type { HealthReason } from './reasons.ts';
import { rowOf, type SignalName } from './signals.ts';
import { isBeingReplaced, reimageFailed, type ServerHealth, type StandingSignal } from './view.ts';

export type Escalation = { rung: Rung; because: HealthReason; facts: Facts };

/** What no waiting mends. */
export function escalationAtOnce(server: ServerHealth): Escalation | undefined {
  const { state, signals, lastFailure } = server;
  // A restart mends no part, and what waits longest for a person is named last.
  const [part] = partsToldOf(server);
  if (part) {
    const { first: rung, lasts } = rowOf(part.signal);
    const because = lasts === 'permanent' ? 'part_failed' : 'too_hot';
    return { rung, because, facts: { signal: part.signal, detail: part.detail } };
  }
  if (state === 'degraded') {
    const failure = lastFailure ?? 'unknown';
    // Whatever else it failed with (a cluster that refused us, say) is no fault of what is installed.
    return {
      rung: failure === 'remediation_exhausted' ? 'reimage' : 'person',
      because: 'remediation_gave_up',
      facts: { failure },
    };
  }
  if (state === 'provisioning_failed') {
    const [failed] = signals.filter(({ signal }) => rowOf(signal).from === 'operation');
    if (failed) return { rung: rowOf(failed.signal).first, because: 'installation_failed', facts: { signal: failed.signal } };
    return reimageFailed(server) ? { rung: 'reimage', because: 'installation_failed', facts: {} } : undefined;
  }
  return undefined;
}

/** Signals of parts, those that need a spare before those that wait for a person. */
export function partsToldOf({ signals }: Pick<ServerHealth, 'signals'>): StandingSignal[] {
  return signals
    .filter(({ signal }) => isPart(signal))
    .toSorted((one, other) => RUNGS.indexOf(rowOf(one.signal).first) - RUNGS.indexOf(rowOf(other.signal).first));
}

/** What the Node says and no restart mends; like everything that it says it may pass, or be our own bad view. */
export function escalationOnceSettled({ signals }: ServerHealth): Escalation | undefined {
  if (signals.some(({ signal }) => signal === 'node_gone')) return { rung: 'person', because: 'node_gone', facts: {} };
  const damaged = signals.find(({ signal }) => rowOf(signal).first === 'reimage');
  return damaged && { rung: 'reimage', because: 'software_damaged', facts: { signal: damaged.signal, detail: damaged.detail } };
}

/** So long after a re-image the same trouble is not what is installed. */
const REIMAGE_SHOULD_HOLD_MS = hours(24);

export const BEING_REPLACED: Escalation = { rung: 'replace', because: 'being_replaced', facts: {} };

/** The next rung for a server that was re-imaged lately, by whomever, and is unwell again. */
export function climbed(escalation: Escalation, server: ServerHealth, now: number): Escalation {
  if (escalation.rung !== 'reimage') return escalation;
  if (isBeingReplaced(server)) return BEING_REPLACED;
  // One that was called off before anything was written says nothing about the machine.
  const reimaged = server.begun.some(
    ({ remedy, state, at }) =>
      remedy === 'reimage' && at > now - REIMAGE_SHOULD_HOLD_MS && (state === 'succeeded' || reimageFailed(server)),
  );
  if (!reimaged) return escalation;
  return { rung: 'replace', because: 'reimage_did_not_hold', facts: { ...escalation.facts, after: escalation.because } };
}

function isPart(signal: SignalName): boolean {
  const { from, lasts } = rowOf(signal);
  return from === 'bmc' || (lasts === 'permanent' && signal !== 'node_gone');
}
