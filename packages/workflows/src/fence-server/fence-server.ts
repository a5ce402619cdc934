// Fencing: making sure, and proving, that a machine is off before anything that it might still do is handed to others.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { seenOffTwice, type FenceProof } from '@rackwright/domain/fence.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import type { Ports, Task } from '../ports.ts';

/** The step that nobody can take back: workloads on this machine stop here. */
const FENCE_STEP = 'power it off to fence';

/** Off, seen twice at least five seconds apart: one sighting may be a cached answer. An unreachable BMC is never proof. */
export async function fenceServer(
  run: Run,
  { withBmc, clock }: Pick<Ports, 'withBmc' | 'clock'>,
  task: Task<unknown>,
): Promise<FenceProof> {
  const seenOff = () =>
    withBmc(task, async (bmc) => {
      const power = await bmc.power();
      return power === 'off' ? new Date(clock.now()).toISOString() : new NotYet('power_still_on', { power });
    });
  const waitingFor = { code: 'power_still_on', unblockedBy: 'the BMC reporting off' };
  await run.step(FENCE_STEP, () => withBmc(task, (bmc) => bmc.setPower('off')), { within: minutes(20) });
  const firstAt = await run.until('see it off', seenOff, { every: seconds(2), within: minutes(5), waitingFor });
  return run.until<FenceProof>(
    'see it off again',
    async () => {
      if (clock.now() - Date.parse(firstAt) < seconds(5)) return new NotYet('second_sighting_due', { firstAt });
      const secondAt = await seenOff();
      return secondAt instanceof NotYet
        ? secondAt
        : (seenOffTwice(firstAt, secondAt) ?? new NotYet('second_sighting_due', { firstAt }));
    },
    { every: seconds(5), within: minutes(5), waitingFor },
  );
}

/**
 * A proof is as old as its sightings, and hours may lie between it and what it allows: a cluster that did not answer, a worker that
 * was away. Asked in the very step that needs it. Refusal `fence_broken` when somebody has switched the machine on meanwhile.
 */
export async function refuseUnlessStillOff(
  { withBmc }: Pick<Ports, 'withBmc'>,
  task: Task<unknown>,
  proof: FenceProof,
): Promise<void> {
  if (proof.kind === 'confirmed_by_person') return;
  const power = await withBmc(task, (bmc) => bmc.power());
  if (power !== 'off') throw new Refusal('fence_broken', { power, seenOffAt: proof.secondAt });
}
