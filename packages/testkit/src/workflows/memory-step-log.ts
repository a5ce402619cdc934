// A step log in memory that survives the "processes" of a test, and can die on purpose around any write.
import { StaleRun, type Journal, type StepLog, type StepRecord, type StoredError } from '@rackwright/workflow-engine/step-log.ts';

export type MemoryLog = StepLog & {
  steps(): StepRecord[];
  failing(): StoredError | null;
  /** The process dies at the write for which this says so: before it is kept, or right after. */
  dieAt(when: (step: StepRecord) => 'before' | 'after' | undefined): void;
  cancel(): void;
};

export function memoryStepLog(deadlineAt: string): MemoryLog {
  const journal: Journal = { steps: [], deadlineAt, cancelRequested: false, failing: null };
  let death: (step: StepRecord) => 'before' | 'after' | undefined = () => undefined;
  const keep = (step: StepRecord): void => {
    const copy = JSON.parse(JSON.stringify(step)) as StepRecord;
    const at = journal.steps.findIndex((s) => s.name === step.name);
    if (at >= 0) journal.steps[at] = copy;
    else journal.steps.push(copy);
  };
  return {
    steps: () => journal.steps,
    failing: () => journal.failing,
    dieAt: (when) => {
      death = when;
    },
    cancel: () => {
      journal.cancelRequested = true;
    },
    // Copies in and out, through JSON as the database would keep them.
    load: async () => JSON.parse(JSON.stringify(journal)) as Journal,
    async save(...steps) {
      const moments = steps.map(death);
      if (moments.includes('before')) throw new StaleRun();
      for (const step of steps) keep(step);
      if (moments.includes('after')) throw new StaleRun();
    },
    async beginFailing(error, unsaved = []) {
      for (const step of unsaved) keep(step);
      journal.failing = error;
    },
  };
}
