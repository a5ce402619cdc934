// Runs one workflow as far as it gets: replays what the log holds, does the next steps, undoes when it must give up.
import { hours } from '@rackwright/domain/durations.ts';
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import { type Engine, makeRun, Suspend, type Run } from './run.ts';
import {
  guardedLog,
  type Journal,
  LogLost,
  Postponed,
  StaleRun,
  type StepLog,
  type StepRecord,
  type StoredError,
  type WaitingFor,
} from './step-log.ts';
import { backoffMs } from './backoff.ts';
import type { EngineClock } from './engine-clock.ts';

export type Workflow<Needs, Subject> = (run: Run, needs: Needs, subject: Subject) => Promise<void>;

export type Outcome =
  | { kind: 'finished' }
  /** Come back at `wakeAt`, or sooner when something reports. */
  | { kind: 'suspended'; wakeAt: string; waitingFor: WaitingFor }
  | { kind: 'failed'; error: StoredError };

export type RunEnd = Outcome & {
  /** What became of the last steps: must be written in the same transaction as the outcome. */
  unsaved: StepRecord[];
  /** All of them, these included. */
  steps: StepRecord[];
};

/**
 * Goes on with an operation. May be called at any time, any number of times; one caller at a time is the store's fence's business.
 * Throws StaleRun when another process took over, LogLost when the log cannot be written: in both cases nothing was decided.
 */
export async function runWorkflow<Needs, Subject>(
  workflow: Workflow<Needs, Subject>,
  needs: Needs,
  subject: Subject,
  stepLog: StepLog,
  clock: EngineClock,
): Promise<RunEnd> {
  const log = guardedLog(stepLog);
  const journal = await log.load();
  const engine: Engine = { journal, log, clock, undos: [], unsaved: [] };
  const rest = { unsaved: engine.unsaved, steps: journal.steps };
  try {
    await workflow(makeRun(engine), needs, subject);
    if (journal.failing === null) return { kind: 'finished', ...rest };
  } catch (thrown) {
    if (thrown instanceof StaleRun || thrown instanceof LogLost) throw thrown;
    if (thrown instanceof Suspend) return { kind: 'suspended', wakeAt: thrown.wakeAt, waitingFor: thrown.waitingFor, ...rest };
    if (passesByItself(thrown, journal, clock)) return { ...waitForTheWorld(thrown, journal, clock), ...rest };
    if (journal.failing === null) {
      journal.failing = storedError(thrown);
      await log.beginFailing(journal.failing, engine.unsaved.splice(0));
    }
  }
  // Undoing writes each of its steps at once.
  return { ...(await undoAll(journal.failing, engine)), ...rest };
}

/**
 * A hiccup between two steps, such as a server's record that could not be read: no step's failure, so nothing is decided by it.
 * While undoing it would hide the undos of every step behind it; a failing operation is therefore never ended by one.
 */
function passesByItself(thrown: unknown, journal: Journal, clock: EngineClock): thrown is Fault {
  if (!(thrown instanceof Fault) || thrown.retry === 'never') return false;
  if (journal.failing !== null) return clock.now() < Date.parse(journal.deadlineAt) + UNDO_GRACE_MS;
  const stepFailed = journal.steps.some((step) => step.state === 'failed');
  return !stepFailed && clock.now() < Date.parse(journal.deadlineAt);
}

function waitForTheWorld({ code, message, retry }: Fault, journal: Journal, clock: EngineClock): Outcome {
  const since = new Date(clock.now()).toISOString();
  const wakeAt = new Date(clock.now() + backoffMs(retry, BETWEEN_STEPS_ATTEMPT)).toISOString();
  const facts = { because: message };
  return {
    kind: 'suspended',
    wakeAt,
    waitingFor: { code, facts, since, until: journal.deadlineAt, unblockedBy: 'trying again' },
  };
}

/** From the last one back, the failed step's own included: nobody knows how far it got. */
async function undoAll(error: StoredError, { undos, clock, journal }: Engine): Promise<Outcome> {
  const patience = Date.parse(journal.deadlineAt) + UNDO_GRACE_MS;
  for (const undo of undos.reverse()) {
    if (undo.step.state === 'undone') continue;
    try {
      await undo.perform();
    } catch (thrown) {
      if (thrown instanceof StaleRun || thrown instanceof LogLost) throw thrown;
      // For ever would keep everybody else from the server: then it is given up, and told.
      if (thrown instanceof Postponed && clock.now() < patience) return postponedUndo(thrown, clock);
      // An undo that cannot be done now is tried until it can: leaving the world half undone is worse than waiting.
      const reason = storedError(thrown);
      const attempt = await undo.countAttempt(reason);
      if (reason.retry !== 'never' && attempt < MOST_UNDO_ATTEMPTS) return waitToUndo(undo.step.name, reason, attempt, clock);
      await undo.giveUp(reason);
    }
  }
  return { kind: 'failed', error };
}

const MOST_UNDO_ATTEMPTS = 20;
/** Undoing may begin at the very end of an operation's time. */
const UNDO_GRACE_MS = hours(1);
/** Between steps nobody counts: two seconds, or half a minute for longer trouble. */
const BETWEEN_STEPS_ATTEMPT = 3;

function waitToUndo(step: string, reason: StoredError, attempt: number, clock: EngineClock): Outcome {
  const wakeAt = new Date(clock.now() + backoffMs(reason.retry, attempt)).toISOString();
  const since = new Date(clock.now()).toISOString();
  const facts = { step, because: reason.code };
  return {
    kind: 'suspended',
    wakeAt,
    waitingFor: { code: 'undo_retry', facts, since, until: wakeAt, unblockedBy: 'the device answering again' },
  };
}

/** Not its turn is no failed try. */
function postponedUndo({ waiting, lookAgainMs }: Postponed, clock: EngineClock): Outcome {
  const wakeAt = new Date(clock.now() + lookAgainMs).toISOString();
  return { kind: 'suspended', wakeAt, waitingFor: { ...waiting, until: wakeAt } };
}

export function storedError(thrown: unknown): StoredError {
  if (thrown instanceof Refusal)
    return { kind: 'refusal', code: thrown.code, message: thrown.message, retry: 'never', facts: thrown.facts };
  if (thrown instanceof Fault)
    return { kind: 'fault', code: thrown.code, message: thrown.message, retry: thrown.retry, facts: thrown.facts };
  if (thrown instanceof Postponed)
    return {
      kind: 'fault',
      code: thrown.waiting.code,
      message: thrown.message,
      retry: 'never',
      facts: thrown.waiting.facts ?? {},
    };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: 'bug', code: 'internal_error', message, retry: 'never', facts: {} };
}
