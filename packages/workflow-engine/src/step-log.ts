// The port through which the engine remembers: what was intended, what was done, what was undone.
import type { Facts, Retry } from '@rackwright/domain/errors.ts';

/** What an operation waits for, since when, until when, and who or what can unblock it. Nothing waits silently. */
export type WaitingFor = {
  code: string;
  facts?: Facts;
  /** Each thing that is in the way, the most important first; whoever waits keeps the list short. */
  blockers?: readonly Facts[];
  since: string;
  until: string;
  unblockedBy: string;
};

export type StepState = 'running' | 'waiting' | 'done' | 'failed' | 'undone';

export type StoredError = { kind: 'refusal' | 'fault' | 'bug'; code: string; message: string; retry: Retry; facts: Facts };

export type StepRecord = {
  name: string;
  state: StepState;
  /** How many times the deed was tried. */
  attempt: number;
  /** JSON; undefined when the step gave nothing, which is not null. Never a secret. */
  result?: unknown;
  error?: StoredError | undefined;
  startedAt: string;
  /** After this the step fails with `step_deadline_passed`. */
  deadlineAt: string;
};

export type Journal = {
  steps: StepRecord[];
  deadlineAt: string;
  cancelRequested: boolean;
  /** Set once the operation began to undo: from then on it can only fail, with this error. */
  failing: StoredError | null;
};

/**
 * Every write carries the fence that was handed out with the run, and is refused (StaleRun) when another process has taken the
 * operation over since: a process that hung and woke up again can record nothing.
 */
export type StepLog = {
  load(): Promise<Journal>;
  /** Upsert by step name, all or none. The intention is saved before the deed. */
  save(...steps: StepRecord[]): Promise<void>;
  /** From now on the operation undoes. @param unsaved  written in the same transaction */
  beginFailing(error: StoredError, unsaved?: readonly StepRecord[]): Promise<void>;
};

/** The log could not be written: the run ends here and another one goes on from what the log holds. Never a reason to undo. */
export class LogLost extends Error {
  constructor(cause: unknown) {
    super('the step log could not be written', { cause });
    this.name = 'LogLost';
  }
}

/** Wraps a log so that its failures cannot be taken for a step's. */
export function guardedLog(log: StepLog): StepLog {
  const guard = async <T>(write: () => Promise<T>): Promise<T> => {
    try {
      return await write();
    } catch (thrown) {
      throw thrown instanceof StaleRun ? thrown : new LogLost(thrown);
    }
  };
  return {
    load: () => guard(log.load),
    save: (...steps) => guard(() => log.save(...steps)),
    beginFailing: (error, unsaved) => guard(() => log.beginFailing(error, unsaved)),
  };
}

/** Another process has taken this operation over; this one must stop at once and write nothing. */
export class StaleRun extends Error {
  constructor() {
    super('another process has taken this operation over');
    this.name = 'StaleRun';
  }
}

/**
 * Thrown by what a step calls when its turn has not come and nothing was done yet: the step waits, is no try the poorer, and its time
 * does not run meanwhile. The operation's own deadline ends it.
 */
export class Postponed extends Error {
  readonly waiting: Omit<WaitingFor, 'until'>;
  /** Milliseconds until another look, when nobody wakes it sooner. */
  readonly lookAgainMs: number;
  constructor(waiting: Omit<WaitingFor, 'until'>, lookAgainMs: number) {
    super(`postponed: ${waiting.code} ${JSON.stringify(waiting.facts ?? {})}`);
    this.name = 'Postponed';
    this.waiting = waiting;
    this.lookAgainMs = lookAgainMs;
  }
}
