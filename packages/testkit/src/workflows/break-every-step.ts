// For each step of a workflow: it hiccups, runs twice, dies around it, gives up; the world must end as promised.
import { Fault } from '@rackwright/domain/errors.ts';
import type { Ports } from '@rackwright/workflows/ports.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import { describe, expect, test } from 'vitest';
import type { World } from '../world/world.ts';
import { drive, newLog, type AnyWorkflow } from './drive.ts';

export type Promises<Params> = {
  params: Params;
  start(): { world: World; ports: Ports };
  /** How the world must be when the workflow finished. */
  finished(world: World): void;
  /** How the world must be when it gave up at this step. */
  gaveUp(world: World, step: string): void;
};

type Misfortune = 'hiccup before' | 'hiccup after' | 'give up before' | 'give up after';

/** Declares the tests; the steps are found by a first run without misfortune. */
export async function breakEveryStep<Params>(
  name: string,
  workflow: AnyWorkflow<Params>,
  promises: Promises<Params>,
): Promise<void> {
  const first = promises.start();
  const { outcome, log } = await drive(workflow, first, promises.params);
  const steps = log.steps().map((step) => step.name);

  test(`${name}: without misfortune it finishes`, () => {
    expect(outcome).toEqual({ kind: 'finished' });
    promises.finished(first.world);
  });

  describe.each(steps)(`${name}: %s`, (step) => {
    test.each(['hiccup before', 'hiccup after'] as const)('%s: tried again, same end', async (misfortune) => {
      const sim = promises.start();
      const { outcome } = await drive(withMisfortune(workflow, step, misfortune), sim, promises.params);
      expect(outcome).toEqual({ kind: 'finished' });
      promises.finished(sim.world);
    });

    test.each(['give up before', 'give up after'] as const)('%s: undone', async (misfortune) => {
      const sim = promises.start();
      const { outcome } = await drive(withMisfortune(workflow, step, misfortune), sim, promises.params);
      expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'misfortune' } });
      promises.gaveUp(sim.world, step);
    });

    const deaths = [
      ['running', 'after'],
      ['done', 'before'],
      ['done', 'after'],
    ] as const;
    test.each(deaths)('the process dies at "%s" (%s it is kept): another goes on', async (state, moment) => {
      const sim = promises.start();
      const log = newLog(sim.world);
      log.dieAt((record) => (record.name === step && record.state === state ? moment : undefined));
      const { outcome, crashes } = await drive(workflow, sim, promises.params, log);
      expect(crashes).toBe(1);
      expect(outcome).toEqual({ kind: 'finished' });
      promises.finished(sim.world);
    });
  });
}

/** The same workflow, with a `run` whose one step meets the misfortune: once for a hiccup, always for giving up. */
function withMisfortune<Params>(workflow: AnyWorkflow<Params>, step: string, misfortune: Misfortune): AnyWorkflow<Params> {
  let met = false;
  const strike = (): void => {
    if (misfortune.startsWith('hiccup') && met) return;
    met = true;
    throw new Fault({
      code: 'misfortune',
      doing: step,
      retry: misfortune.startsWith('hiccup') ? 'soon' : 'never',
      effect: 'maybe',
    });
  };
  const around =
    <T>(name: string, does: () => Promise<T>) =>
    async (): Promise<T> => {
      if (name === step && misfortune.endsWith('before')) strike();
      const result = await does();
      if (name === step && misfortune.endsWith('after')) strike();
      return result;
    };
  return (run, needs, task) => {
    const unlucky: Run = {
      step: (name, does, options) => run.step(name, around(name, does), options),
      until: (name, look, options) => run.until(name, around(name, look), options),
    };
    return workflow(unlucky, needs, task);
  };
}
