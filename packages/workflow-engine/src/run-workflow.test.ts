// What the engine promises: nothing done twice once recorded, undone from the last back, never stuck without a reason.
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import { memoryStepLog } from '@rackwright/testkit/workflows/memory-step-log.ts';
import { expect, test } from 'vitest';
import { NotYet } from './run.ts';
import { type Outcome, runWorkflow, type Workflow } from './run-workflow.ts';
import { LogLost, Postponed, type StepRecord } from './step-log.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const later = (ms: number) => ({ now: () => start + ms });
const newLog = () => memoryStepLog(new Date(start + 3_600_000).toISOString());

/** As a worker does: what the run left unsaved is written with how it ended. */
async function runToRest<N, S>(...run: Parameters<typeof runWorkflow<N, S>>): Promise<Outcome> {
  const { unsaved, steps: _steps, ...outcome } = await runWorkflow(...run);
  const [, , , log] = run;
  await log.save(...unsaved);
  return outcome;
}

type Words = string[];
const twoSteps: Workflow<Words, { fail?: unknown }> = async (run, said, { fail }) => {
  const a = await run.step('a', async () => said.push('a'), { undo: async () => void said.push('undo a') });
  await run.step(
    'b',
    async () => {
      said.push(`b after ${a}`);
      if (fail) throw fail;
    },
    { undo: async () => void said.push('undo b') },
  );
};

test('a step that was recorded is not done again, and gives its recorded result', async () => {
  const said: Words = [];
  const log = newLog();
  log.dieAt((step) => (step.name === 'b' && step.state === 'running' ? 'after' : undefined));
  await expect(runToRest(twoSteps, said, {}, log, later(0))).rejects.toThrow('taken this operation over');
  log.dieAt(() => undefined);
  expect(await runToRest(twoSteps, said, {}, log, later(0))).toEqual({ kind: 'finished' });
  expect(said).toEqual(['a', 'b after 1']);
});

test('null and nothing are remembered as what they were', async () => {
  const seen: unknown[][] = [];
  const gives: Workflow<null, null> = async (run) => {
    const wait = { within: 10_000, every: 1_000, waitingFor: { code: 'thing', unblockedBy: 'the thing' } };
    const found = await run.step('found', async () => null);
    const did = await run.step('did', async () => undefined);
    const came = await run.until('came', async () => null, wait);
    seen.push([found, did, came]);
    await run.step('last', async () => seen.length);
  };
  const log = newLog();
  log.dieAt((step) => (step.name === 'last' ? 'after' : undefined));
  await expect(runToRest(gives, null, null, log, later(0))).rejects.toThrow('taken this operation over');
  log.dieAt(() => undefined);
  expect(await runToRest(gives, null, null, log, later(0))).toEqual({ kind: 'finished' });
  expect(seen).toEqual([
    [null, undefined, null],
    [null, undefined, null],
  ]);
});

test('what a step gave is written with the next intention, before the next deed, and the last with the end of the run', async () => {
  const log = newLog();
  const written: string[] = [];
  const said: Words = [];
  const watched = {
    ...log,
    save: async (...steps: StepRecord[]) => {
      written.push(steps.map(({ name, state }) => `${name} ${state}`).join(', ') + ` after ${said.length} deeds`);
      await log.save(...steps);
    },
  };
  const { unsaved } = await runWorkflow(twoSteps, said, {}, watched, later(0));
  expect(written).toEqual(['a running after 0 deeds', 'a done, b running after 1 deeds']);
  expect(unsaved).toMatchObject([{ name: 'b', state: 'done' }]);
});

test('a process that dies before the next intention leaves a step that is done once more', async () => {
  const said: Words = [];
  const log = newLog();
  log.dieAt((step) => (step.name === 'b' ? 'before' : undefined));
  await expect(runToRest(twoSteps, said, {}, log, later(0))).rejects.toThrow('taken this operation over');
  log.dieAt(() => undefined);
  expect(await runToRest(twoSteps, said, {}, log, later(0))).toEqual({ kind: 'finished' });
  expect(said).toEqual(['a', 'a', 'b after 2']);
});

test('a step that fails is written with the beginning of the undoing', async () => {
  const log = newLog();
  await runToRest(twoSteps, [], { fail: new Refusal('no') }, log, later(0));
  expect(log.failing()).toMatchObject({ code: 'no' });
  expect(log.steps()).toMatchObject([
    { name: 'a', state: 'undone', result: 1 },
    { name: 'b', state: 'undone' },
  ]);
});

test('a refusal undoes from the last step back, the failed one included', async () => {
  const said: Words = [];
  const outcome = await runToRest(twoSteps, said, { fail: new Refusal('no') }, newLog(), later(0));
  expect(outcome).toMatchObject({ kind: 'failed', error: { kind: 'refusal', code: 'no' } });
  expect(said).toEqual(['a', 'b after 1', 'undo b', 'undo a']);
});

test('a fault is tried again later, says why it waits, and becomes a failure at the deadline of the step', async () => {
  const said: Words = [];
  const log = newLog();
  const fail = new Fault({ code: 'bmc_busy', doing: 'power on', retry: 'soon' });
  const first = await runToRest(twoSteps, said, { fail }, log, later(0));
  expect(first).toMatchObject({ kind: 'suspended', wakeAt: '2026-01-01T00:00:00.500Z', waitingFor: { code: 'bmc_busy' } });
  expect(await runToRest(twoSteps, said, { fail }, log, later(600_001))).toMatchObject({
    kind: 'failed',
    error: { code: 'bmc_busy' },
  });
});

test('waiting holds nobody, shows the newest reason, and ends with the thing or the deadline', async () => {
  let there: string | NotYet = new NotYet('not_ready', { why: 'cold' });
  const wait: Workflow<null, null> = async (run) => {
    const options = { within: 10_000, every: 1_000, waitingFor: { code: 'thing', unblockedBy: 'the thing' } };
    expect(await run.until('wait', async () => there, options)).toBe('thing');
  };
  const log = newLog();
  const first = await runToRest(wait, null, null, log, later(0));
  expect(first).toEqual({
    kind: 'suspended',
    wakeAt: '2026-01-01T00:00:01.000Z',
    waitingFor: {
      code: 'not_ready',
      facts: { why: 'cold' },
      since: '2026-01-01T00:00:00.000Z',
      until: '2026-01-01T00:00:10.000Z',
      unblockedBy: 'the thing',
    },
  });
  there = 'thing';
  expect(await runToRest(wait, null, null, log, later(2_000))).toEqual({ kind: 'finished' });

  const lateLog = newLog();
  there = new NotYet('not_ready');
  await runToRest(wait, null, null, lateLog, later(0));
  // The last reason, as it was shown while it waited.
  expect(await runToRest(wait, null, null, lateLog, later(10_000))).toMatchObject({
    kind: 'failed',
    error: { code: 'step_deadline_passed', facts: { waitedFor: 'not_ready' } },
  });
});

test('an undo that cannot be done now is tried again, and the first error is the one that is told', async () => {
  let broken = true;
  const stubborn: Workflow<null, null> = async (run) => {
    const undo = async () => {
      if (broken) throw new Fault({ code: 'bmc_unreachable', doing: 'power off', retry: 'soon' });
    };
    await run.step('a', async () => 1, { undo });
    await run.step('b', async () => Promise.reject(new Refusal('no')));
  };
  const log = newLog();
  expect(await runToRest(stubborn, null, null, log, later(0))).toMatchObject({
    kind: 'suspended',
    waitingFor: { code: 'undo_retry' },
  });
  broken = false;
  expect(await runToRest(stubborn, null, null, log, later(1_000))).toMatchObject({ kind: 'failed', error: { code: 'no' } });
});

test('a cancelled operation begins no new step and undoes', async () => {
  const said: Words = [];
  const log = newLog();
  log.dieAt((step) => (step.name === 'a' && step.state === 'done' ? 'before' : undefined));
  await expect(runToRest(twoSteps, said, {}, log, later(0))).rejects.toThrow();
  log.dieAt(() => undefined);
  log.cancel();
  expect(await runToRest(twoSteps, said, {}, log, later(0))).toMatchObject({
    kind: 'failed',
    error: { code: 'operation_cancelled' },
  });
  expect(said).toEqual(['a', 'undo a']);
});

test('a log that cannot be written is no failure of the step: nothing is undone', async () => {
  const said: Words = [];
  const log = newLog();
  const broken = {
    ...log,
    save: async (...steps: StepRecord[]) =>
      steps.some(({ state }) => state === 'done') ? Promise.reject(new Error('gone')) : log.save(...steps),
  };
  await expect(runToRest(twoSteps, said, {}, broken, later(0))).rejects.toThrow(LogLost);
  expect(said).toEqual(['a']);
  expect(log.failing()).toBeNull();
});

test('trouble between two steps decides nothing: the operation looks again, and undoes nothing', async () => {
  const said: Words = [];
  let reachable = true;
  const readsBetween: Workflow<null, null> = async (run) => {
    if (!reachable) throw new Fault({ code: 'database_unreachable', doing: 'read the server', retry: 'soon' });
    await run.step('a', async () => said.push('a'), { undo: async () => void said.push('undo a') });
    if (said.length < 2) throw new Fault({ code: 'database_unreachable', doing: 'read the server', retry: 'soon' });
    await run.step('b', async () => said.push('b'));
  };
  const log = newLog();
  const first = await runToRest(readsBetween, null, null, log, later(0));
  expect(first).toMatchObject({ kind: 'suspended', waitingFor: { code: 'database_unreachable' } });
  reachable = false;
  expect(await runToRest(readsBetween, null, null, log, later(1))).toMatchObject({ kind: 'suspended' });
  reachable = true;
  said.push('back');
  expect(await runToRest(readsBetween, null, null, log, later(2))).toEqual({ kind: 'finished' });
  expect(said).toEqual(['a', 'back', 'b']);

  reachable = false;
  expect(await runToRest(readsBetween, null, null, newLog(), later(3_600_000))).toMatchObject({ kind: 'failed' });
});

test('an operation that is undoing skips no undo because something could not be read', async () => {
  const said: Words = [];
  let reachable = true;
  const undoable: Workflow<null, null> = async (run) => {
    if (!reachable) throw new Fault({ code: 'database_unreachable', doing: 'read the server', retry: 'soon' });
    await run.step('a', async () => said.push('a'), { undo: async () => void said.push('undo a') });
    await run.step('b', async () => Promise.reject(new Refusal('no')), {
      undo: async () => {
        if (said.includes('undo b')) return;
        said.push('undo b');
        throw new Fault({ code: 'bmc_unreachable', doing: 'power off', retry: 'soon' });
      },
    });
  };
  const log = newLog();
  expect(await runToRest(undoable, null, null, log, later(0))).toMatchObject({ kind: 'suspended' });
  reachable = false;
  expect(await runToRest(undoable, null, null, log, later(1_000))).toMatchObject({
    kind: 'suspended',
    waitingFor: { code: 'database_unreachable' },
  });
  reachable = true;
  expect(await runToRest(undoable, null, null, log, later(2_000))).toMatchObject({ kind: 'failed', error: { code: 'no' } });
  expect(said).toEqual(['a', 'undo b', 'undo a']);
});

test('an undo has all its tries, however often its deed was tried before, and says why it fails', async () => {
  let deeds = 0;
  let undos = 0;
  const worn: Workflow<null, null> = async (run) => {
    const failing = () => Promise.reject(new Fault({ code: 'bmc_unreachable', doing: 'boot', retry: 'soon' }));
    const undo = () => {
      undos += 1;
      return failing();
    };
    await run.step('boot', () => (++deeds < 100 ? failing() : Promise.reject(new Refusal('no'))), { undo });
  };
  const log = newLog();
  let now = 0;
  for (let turn = 0; turn < 200; turn++) {
    const outcome = await runToRest(worn, null, null, log, later(now));
    if (outcome.kind !== 'suspended') break;
    now += 1;
  }
  expect({ deeds, undos }).toEqual({ deeds: 100, undos: 20 });
  expect(log.steps()[0]).toMatchObject({ state: 'failed', error: { code: 'bmc_unreachable' } });
});

test('a step whose turn has not come waits, is no try the poorer, and its time stands still', async () => {
  let turn = false;
  const said: Words = [];
  const log = newLog();
  const switchOn: Workflow<null, null> = async (run) => {
    await run.step(
      'power it on',
      async () => {
        if (!turn) throw new Postponed({ code: 'power_budget', since: 'then', unblockedBy: 'others' }, 30_000);
        said.push('on');
        throw new Fault({ code: 'bmc_busy', doing: 'power on', retry: 'soon' });
      },
      { within: 60_000 },
    );
  };
  const look = (ms: number) => runToRest(switchOn, null, null, log, later(ms));
  expect(await look(0)).toEqual({
    kind: 'suspended',
    wakeAt: '2026-01-01T00:00:30.000Z',
    waitingFor: { code: 'power_budget', since: 'then', unblockedBy: 'others', until: '2026-01-01T01:00:00.000Z' },
  });
  for (let ms = 30_000; ms <= 1_800_000; ms += 30_000) expect(await look(ms)).toMatchObject({ kind: 'suspended' });
  expect(log.steps()).toMatchObject([{ state: 'waiting', attempt: 1, deadlineAt: '2026-01-01T00:31:30.000Z' }]);
  turn = true;
  expect(await look(1_830_000)).toMatchObject({ kind: 'suspended', waitingFor: { code: 'bmc_busy' } });
  expect(await look(1_900_000)).toMatchObject({ kind: 'failed', error: { code: 'bmc_busy' } });
  expect(said).toEqual(['on', 'on']);
});

test('the operation’s own deadline ends a wait for a turn; an undo that must wait is not given up', async () => {
  const log = newLog();
  let turn = false;
  const notNow = () => new Postponed({ code: 'power_budget', since: 'then', unblockedBy: 'others' }, 30_000);
  const waits: Workflow<null, null> = async (run) => {
    await run.step('a', async () => undefined, {
      undo: async () => {
        if (!turn) throw notNow();
      },
    });
    await run.step('b', () => Promise.reject(notNow()));
  };
  expect(await runToRest(waits, null, null, log, later(0))).toMatchObject({ kind: 'suspended' });
  for (let n = 0; n < 30; n++) {
    const outcome = await runToRest(waits, null, null, log, later(3_600_001));
    expect(outcome).toMatchObject({ kind: 'suspended', waitingFor: { code: 'power_budget' } });
  }
  turn = true;
  expect(await runToRest(waits, null, null, log, later(3_600_001))).toMatchObject({
    kind: 'failed',
    error: { code: 'operation_deadline_passed' },
  });
  expect(log.steps()).toMatchObject([{ name: 'a', state: 'undone' }, { name: 'b' }]);
});
