// Fencing: making sure, and proving, that a machine is off before anything that it might still do is handed to others.
import { hours, minutes, seconds } from '@rackwright/domain/durations.ts';
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import { confirmedByPerson, seenOffTwice, type FenceProof } from '@rackwright/domain/fence.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import type { Ports, Task } from '../ports.ts';

type Needs = Pick<Ports, 'withBmc' | 'clock' | 'answers'>;

/** The step that nobody can take back: workloads on this machine stop here. */
export const FENCE_STEP = 'power it off to fence';
/** Somebody may have to walk there. */
const PERSON_WITHIN = hours(24);
/**
 * A BMC that refuses our password may have locked the account, which ends by itself within the hour on most; asked more often it would
 * lock it again each time.
 */
const ASK_AGAIN = { soon: seconds(30), rarely: hours(1) };
const ANSWERING = { soon: 'the BMC answering', rarely: 'the BMC answering, which is asked once an hour' };
const PERSONS_WORD = 'a named person who confirms that the machine has no power (answer confirm_power_off)';

/** Off and soon on again is somebody's doing. */
const STAYS_OFF_WITHIN = minutes(5);

/**
 * Off, seen twice at least five seconds apart: one sighting may be a cached answer. An unreachable BMC is never proof; while it proves
 * nothing the operation waits with `fence_unproven` for the BMC or for a named person's word.
 * @param again  behind the names of its steps, for who fences more than once
 */
export async function fenceServer(run: Run, needs: Needs, task: Task<unknown>, again = ''): Promise<FenceProof> {
  const { withBmc, clock } = needs;
  const now = () => new Date(clock.now()).toISOString();
  const off = await bmcOrPerson(run, needs, task, `${FENCE_STEP}${again}`, async () => {
    await withBmc(task, (bmc) => bmc.setPower('off'));
    return now();
  });
  if ('proof' in off) return off.proof;

  const seenOff = async (): Promise<string | NotYet> => {
    const power = await withBmc(task, (bmc) => bmc.power());
    if (power === 'off') return now();
    if (clock.now() - Date.parse(off.said) < STAYS_OFF_WITHIN) return new NotYet('power_still_on', { power });
    throw new Refusal('fence_broken', { power, seenOffAt: off.said });
  };
  const first = await bmcOrPerson(run, needs, task, `see it off${again}`, seenOff);
  if ('proof' in first) return first.proof;
  const second = await bmcOrPerson<FenceProof>(run, needs, task, `see it off again${again}`, async () => {
    const early = new NotYet('second_sighting_due', { firstAt: first.said });
    if (clock.now() - Date.parse(first.said) < seconds(5)) return early;
    const secondAt = await seenOff();
    return secondAt instanceof NotYet ? secondAt : (seenOffTwice(first.said, secondAt) ?? early);
  });
  return 'proof' in second ? second.proof : second.said;
}

type Word<T> = { said: T } | { proof: FenceProof };
/** `at`: milliseconds since the epoch. */
type Mute = { mute: string; ask: 'soon' | 'rarely'; at: number };

/** Looks until the BMC says so; from its first silence on, until it speaks again or a person stands in for it. */
async function bmcOrPerson<T>(
  run: Run,
  needs: Needs,
  task: Task<unknown>,
  name: string,
  look: () => Promise<T | NotYet>,
): Promise<Word<T>> {
  const { clock } = needs;
  const heard = await run.until(name, () => listen(look, clock), {
    every: seconds(5),
    within: minutes(20),
    waitingFor: { code: 'power_still_on', unblockedBy: 'the BMC reporting off' },
  });
  if ('said' in heard) return heard;
  return run.until<Word<T>>(
    `${name}, or hear it from a person`,
    async () => {
      const proof = await personsWord(needs, task);
      if (proof) return { proof };
      const early = clock.now() - heard.at < ASK_AGAIN[heard.ask];
      const again = heard.ask === 'rarely' && early ? heard : await listen(look, clock);
      return 'mute' in again ? new NotYet('fence_unproven', { because: again.mute }) : again;
    },
    {
      every: ASK_AGAIN[heard.ask],
      within: PERSON_WITHIN,
      waitingFor: { code: 'fence_unproven', unblockedBy: `${ANSWERING[heard.ask]}, or ${PERSONS_WORD}` },
    },
  );
}

async function listen<T>(look: () => Promise<T | NotYet>, clock: Ports['clock']): Promise<{ said: T } | Mute | NotYet> {
  try {
    const said = await look();
    return said instanceof NotYet ? said : { said };
  } catch (thrown) {
    if (!saysNothing(thrown)) throw thrown;
    return { mute: thrown.code, ask: thrown.retry === 'never' ? 'rarely' : 'soon', at: clock.now() };
  }
}

async function personsWord({ answers }: Needs, { operationId }: Task<unknown>): Promise<FenceProof | undefined> {
  const given = await answers.find(operationId, 'fence_unproven');
  if (given?.answer !== 'confirm_power_off') return undefined;
  return confirmedByPerson(given.person, given.evidence, given.at);
}

/** A BMC that cannot be reached, asked or believed; not our own trouble, and not another operation's lease. */
function saysNothing(thrown: unknown): thrown is Fault {
  return thrown instanceof Fault && thrown.code.startsWith('bmc_');
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
  const byPerson = proof.kind === 'confirmed_by_person';
  const power = await withBmc(task, (bmc) => bmc.power()).catch((thrown: unknown) => {
    // The person spoke because it says nothing; should it speak again, it is believed.
    if (byPerson && saysNothing(thrown)) return 'off' as const;
    throw thrown;
  });
  if (power !== 'off') throw new Refusal('fence_broken', { power, seenOffAt: byPerson ? proof.at : proof.secondAt });
}
