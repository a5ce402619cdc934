// Asks the BMCs of servers that are about to be acted on whether they are there: one that is silent cannot fence, many are a network.
import { seconds } from '@rackwright/domain/durations.ts';
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Log } from '../needs.ts';
import { sayWhy } from '../say-why.ts';
import { within } from '../within.ts';

export type BmcSays = 'answers' | 'silent';

export type BmcSights = {
  /** What it said lately; undefined when it was not asked lately. */
  of(serverId: ServerId): BmcSays | undefined;
  /** Ends when all have answered or had their time. */
  ask(serverIds: readonly ServerId[]): Promise<void>;
};

export type BmcSightsNeeds = {
  /** `onTurn`: called when nobody else talks to the BMC any more, and we do. */
  power(serverId: ServerId, onTurn: () => void): Promise<unknown>;
  now(): number;
  log: Pick<Log, 'warn'>;
};

const BELIEVED_MS = seconds(60);
/** Whoever talks to it longer than this leaves us as wise as before. */
const TURN_COMES_WITHIN_MS = seconds(15);
/** A BMC that answers later than this answers too late to fence with. */
const ANSWERS_WITHIN_MS = seconds(30);
const MOST_AT_ONCE = 50;

export function bmcSights({ power, now, log }: BmcSightsNeeds): BmcSights {
  const heard = new Map<ServerId, { says: BmcSays; at: number }>();

  const askOne = async (serverId: ServerId): Promise<void> => {
    const turn = Promise.withResolvers<void>();
    let begun = false;
    const answer = power(serverId, () => {
      begun = true;
      turn.resolve();
    });
    try {
      // What fails before its turn fails here.
      await within(TURN_COMES_WITHIN_MS, Promise.race([turn.promise, answer]));
      await within(ANSWERS_WITHIN_MS, answer);
      heard.set(serverId, { says: 'answers', at: now() });
    } catch (thrown) {
      const says = begun ? saidBy(thrown) : undefined;
      if (says === undefined) log.warn({ serverId, because: sayWhy(thrown) }, 'a BMC could not be asked whether it is there');
      else heard.set(serverId, { says, at: now() });
    }
  };

  return {
    of(serverId) {
      const last = heard.get(serverId);
      return last && now() - last.at < BELIEVED_MS ? last.says : undefined;
    },
    async ask(serverIds) {
      for (const [serverId, { at }] of heard) if (now() - at >= BELIEVED_MS) heard.delete(serverId);
      await Promise.all(serverIds.slice(0, MOST_AT_ONCE).map(askOne));
    },
  };
}

/** `silent` is what nobody can fence with. Undefined: trouble of ours, which says nothing about the BMC; it is asked again. */
function saidBy(thrown: unknown): BmcSays | undefined {
  // Another machine's BMC, for one.
  if (thrown instanceof Refusal) return 'silent';
  if (!(thrown instanceof Fault) || !thrown.code.startsWith('bmc_') || thrown.code === 'bmc_password_changing') return undefined;
  // It says so itself, and what is begun now waits until it is not.
  return thrown.code === 'bmc_busy' ? 'answers' : 'silent';
}
