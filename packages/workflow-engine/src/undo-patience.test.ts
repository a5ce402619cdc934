// An undo that must wait for its turn waits, but not for ever: an hour after the operation's deadline it is given up, and says for what.
import { hours } from '@rackwright/domain/durations.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { memoryStepLog } from '@rackwright/testkit/workflows/memory-step-log.ts';
import { expect, test } from 'vitest';
import { runWorkflow, type Workflow } from './run-workflow.ts';
import { Postponed } from './step-log.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const DEADLINE = hours(1);
const PATIENCE = DEADLINE + hours(1);

test('an undo whose turn never comes is given up an hour after the deadline, told as what it waited for; the others are done', async () => {
  const said: string[] = [];
  const waiting = { code: 'power_budget', facts: { rack: 'R1' }, since: 'then', unblockedBy: 'others' };
  const stuck: Workflow<null, null> = async (run) => {
    await run.step('a', async () => undefined, { undo: async () => void said.push('undo a') });
    await run.step('b', async () => undefined, { undo: () => Promise.reject(new Postponed(waiting, 30_000)) });
    await run.step('c', () => Promise.reject(new Refusal('no')));
  };
  const log = memoryStepLog(new Date(start + DEADLINE).toISOString());
  const look = (ms: number) => runWorkflow(stuck, null, null, log, { now: () => start + ms });
  for (const ms of [0, DEADLINE, DEADLINE + 1, PATIENCE - 1])
    expect(await look(ms)).toMatchObject({
      kind: 'suspended',
      wakeAt: new Date(start + ms + 30_000).toISOString(),
      waitingFor: { code: 'power_budget', facts: { rack: 'R1' }, unblockedBy: 'others' },
    });
  expect(said).toEqual([]);
  expect(log.steps()).toMatchObject([{ name: 'a', state: 'done' }, { name: 'b', state: 'done' }, { name: 'c' }]);

  // What the operation failed of is told first, and why a step is left undone by the step.
  expect(await look(PATIENCE)).toMatchObject({ kind: 'failed', error: { kind: 'refusal', code: 'no' } });
  expect(said).toEqual(['undo a']);
  expect(log.steps()).toMatchObject([
    { name: 'a', state: 'undone' },
    {
      name: 'b',
      state: 'failed',
      error: { kind: 'fault', code: 'power_budget', retry: 'never', facts: { rack: 'R1', undoGaveUp: true } },
    },
    { name: 'c' },
  ]);
});
