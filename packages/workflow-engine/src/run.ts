// What a workflow holds in its hand: `step` makes sure of something, `until` waits for the world without holding a worker.
import { minutes } from '@rackwright/domain/durations.ts';
import { Fault, Refusal, type Facts } from '@rackwright/domain/errors.ts';
import { backoffMs } from './backoff.ts';
import {
  LogLost,
  Postponed,
  StaleRun,
  type Journal,
  type StepLog,
  type StepRecord,
  type StoredError,
  type WaitingFor,
} from './step-log.ts';
import type { EngineClock } from './engine-clock.ts';

export type StepOptions = {
  /** Runs when a later step, or this one, gives up. Must be harmless when done twice or when the step never happened. */
  undo?: () => Promise<void>;
  /** Faults are tried again until this long after the step first began; milliseconds, 10 minutes unless told. */
  within?: number;
};

export type UntilOptions = StepOptions & {
  /** Milliseconds between looks when nothing wakes us earlier. */
  every: number;
  waitingFor: { code: string; facts?: Facts; unblockedBy: string };
};

/** Not yet, and this is why: shown instead of the option's `waitingFor`. */
export class NotYet {
  readonly code: string;
  readonly facts: Facts;
  readonly blockers: readonly Facts[] | undefined;
  constructor(code: string, facts: Facts = {}, blockers?: readonly Facts[]) {
    this.code = code;
    this.facts = facts;
    this.blockers = blockers;
  }
}

export type Run = {
  /** Does it and remembers the result (JSON, null included); on a later run gives the remembered result. Names are unique in a workflow. */
  step<T>(name: string, does: () => Promise<T>, options?: StepOptions): Promise<T>;
  /** Looks until there is something; in between the operation sleeps in the database. Fails after `within`. */
  until<T>(name: string, look: () => Promise<T | NotYet | undefined>, options: UntilOptions): Promise<T>;
};

export type Undo = {
  step: StepRecord;
  perform(): Promise<void>;
  /** Keeps why it could not be done. @returns how many times it was tried, this one included */
  countAttempt(reason: StoredError): Promise<number>;
  giveUp(error: StoredError): Promise<void>;
};

/** Thrown through the workflow to end this run quietly. Workflows never catch. */
export class Suspend {
  readonly wakeAt: string;
  readonly waitingFor: WaitingFor;
  constructor(wakeAt: string, waitingFor: WaitingFor) {
    this.wakeAt = wakeAt;
    this.waitingFor = waitingFor;
  }
}

/** Ends the replay of an operation that is already giving up: the error itself stands in the journal. */
class Failing {}

export type Engine = {
  journal: Journal;
  log: StepLog;
  clock: EngineClock;
  undos: Undo[];
  /**
   * What became of steps, to be written with the next intention or with how the run ends, whichever comes first: nothing outside can
   * depend on a result before then, and whoever takes over earlier does that step twice, which every step must bear anyway.
   */
  unsaved: StepRecord[];
};

export function makeRun(engine: Engine): Run {
  return {
    async step(name, does, options = {}) {
      const step = beginStep(engine, name, options);
      if (step.state === 'done' || step.state === 'undone') return step.result as never;
      return attempt(engine, step, does, async (result) => result);
    },
    async until(name, look, options) {
      const step = beginStep(engine, name, options);
      if (step.state === 'done' || step.state === 'undone') return step.result as never;
      return attempt(engine, step, look, async (result) => {
        if (result !== undefined && !(result instanceof NotYet)) return result as never;
        const firstLook = step.state !== 'waiting';
        step.state = 'waiting';
        const reason = result instanceof NotYet ? reasonOf(result) : options.waitingFor;
        if (engine.clock.now() >= Date.parse(step.deadlineAt)) throw passedDeadline(step, reason.code);
        if (firstLook) engine.unsaved.push(step);
        throw suspend(engine, step, options.every, { ...options.waitingFor, ...reason });
      });
    },
  };
}

/** Finds or makes the step's record; registers its undo; stops here when the operation is failing at this step. */
function beginStep(engine: Engine, name: string, options: StepOptions): StepRecord {
  const { journal, undos } = engine;
  const begun = journal.steps.find((s) => s.name === name);
  // A step that was never begun has nothing to undo: it is refused before its undo is known.
  if (!begun) refuseToGoOn(engine, name);
  const step = begun ?? newStep(engine, name, options);
  if (options.undo) undos.push(makeUndo(engine, step, options.undo));
  if (begun && begun.state !== 'done' && begun.state !== 'undone') refuseToGoOn(engine, name);
  return step;
}

function newStep({ journal, clock }: Engine, name: string, options: StepOptions): StepRecord {
  const now = clock.now();
  const deadlineAt = new Date(now + (options.within ?? minutes(10))).toISOString();
  const step: StepRecord = { name, state: 'running', attempt: 0, startedAt: new Date(now).toISOString(), deadlineAt };
  journal.steps.push(step);
  return step;
}

function refuseToGoOn({ journal, clock }: Engine, step: string): void {
  if (journal.failing) throw new Failing();
  if (journal.cancelRequested) throw new Refusal('operation_cancelled', { step });
  if (clock.now() > Date.parse(journal.deadlineAt)) throw new Refusal('operation_deadline_passed', { step });
}

/** Writes it, and before it whatever was not written yet. */
async function save({ log, unsaved }: Engine, step: StepRecord): Promise<void> {
  await log.save(...unsaved.splice(0).filter((one) => one !== step), step);
}

function makeUndo(engine: Engine, step: StepRecord, undo: () => Promise<void>): Undo {
  return {
    step,
    async perform() {
      await undo();
      step.state = 'undone';
      await save(engine, step);
    },
    async countAttempt(reason) {
      // Counted apart from the deed's own attempts, which may be many already: each undo gets its full number of tries.
      const undoAttempt = Number(step.error?.facts['undoAttempt'] ?? 0) + 1;
      step.error = { ...reason, facts: { ...reason.facts, undoAttempt } };
      await save(engine, step);
      return undoAttempt;
    },
    async giveUp(error) {
      step.state = 'failed';
      step.error = { ...error, facts: { ...error.facts, undoGaveUp: true } };
      await save(engine, step);
    },
  };
}

async function attempt<T, R>(
  engine: Engine,
  step: StepRecord,
  does: () => Promise<T>,
  judge: (result: T) => Promise<R>,
): Promise<R> {
  if (step.state !== 'waiting') {
    step.state = 'running';
    step.attempt += 1;
    await save(engine, step);
  }
  let result: R;
  try {
    result = await judge(await does());
  } catch (thrown) {
    if (endsThisRun(thrown)) throw thrown;
    if (thrown instanceof Postponed) throw postpone(engine, step, thrown);
    throw recordFailure(engine, step, thrown);
  }
  step.state = 'done';
  step.result = result;
  delete step.error;
  engine.unsaved.push(step);
  return result;
}

/** Not the step's failure: the run stops here and another one goes on. */
export function endsThisRun(thrown: unknown): boolean {
  return thrown instanceof Suspend || thrown instanceof StaleRun || thrown instanceof LogLost;
}

/** Decides: once more later (Suspend), or give up (the error itself). */
function recordFailure({ unsaved, clock }: Engine, step: StepRecord, thrown: unknown): unknown {
  const now = clock.now();
  if (thrown instanceof Fault && thrown.retry !== 'never' && now < Date.parse(step.deadlineAt)) {
    if (step.state === 'waiting') step.attempt += 1;
    step.error = { kind: 'fault', code: thrown.code, message: thrown.message, retry: thrown.retry, facts: thrown.facts };
    step.state = 'running';
    unsaved.push(step);
    const pause = thrown.retryAfterMs ?? backoffMs(thrown.retry, Math.max(step.attempt, 1));
    const wakeAt = new Date(now + pause).toISOString();
    const facts = { step: step.name, attempt: step.attempt, because: thrown.message };
    return new Suspend(wakeAt, {
      code: thrown.code,
      facts,
      since: step.startedAt,
      until: step.deadlineAt,
      unblockedBy: 'trying again',
    });
  }
  step.state = 'failed';
  unsaved.push(step);
  return thrown;
}

/** Its time stands still: what is left of it now is left when the turn comes. */
function postpone({ journal, unsaved, clock }: Engine, step: StepRecord, { waiting, lookAgainMs }: Postponed): Suspend {
  const wakeAt = new Date(Math.min(clock.now() + lookAgainMs, Date.parse(journal.deadlineAt))).toISOString();
  const left = Math.max(lookAgainMs, Date.parse(step.deadlineAt) - clock.now());
  step.state = 'waiting';
  step.deadlineAt = new Date(Date.parse(wakeAt) + left).toISOString();
  unsaved.push(step);
  return new Suspend(wakeAt, { ...waiting, until: journal.deadlineAt });
}

function reasonOf({ code, facts, blockers }: NotYet): Pick<WaitingFor, 'code' | 'facts' | 'blockers'> {
  return { code, facts, ...(blockers === undefined ? {} : { blockers }) };
}

function suspend({ clock }: Engine, step: StepRecord, every: number, waiting: Omit<WaitingFor, 'since' | 'until'>): Suspend {
  const wakeAt = new Date(Math.min(clock.now() + every, Date.parse(step.deadlineAt))).toISOString();
  return new Suspend(wakeAt, { ...waiting, since: step.startedAt, until: step.deadlineAt });
}

/** @param code  what it waited for at last: a node that joined and is not Ready fails for another reason than one that never came */
function passedDeadline(step: StepRecord, code: string): Fault {
  return new Fault({
    code: 'step_deadline_passed',
    doing: `wait for ${step.name} since ${step.startedAt}`,
    retry: 'never',
    facts: { step: step.name, waitedFor: code, since: step.startedAt },
  });
}
