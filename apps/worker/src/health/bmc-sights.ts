// Asks the BMCs of servers that are about to be acted on whether they are there: one that is silent cannot fence, many are a network.
import { seconds } from '@rackwright/domain/durations.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';

export type BmcSays = 'answers' | 'silent';

export type BmcSights = {
  /** What it said lately; undefined when it was not asked lately. */
  of(serverId: ServerId): BmcSays | undefined;
  /** Ends when all have answered or had their time. */
  ask(serverIds: readonly ServerId[]): Promise<void>;
};

export type BmcSightsNeeds = { power(serverId: ServerId): Promise<unknown>; now(): number };

const BELIEVED_MS = seconds(60);
/** A BMC that answers later than this answers too late to fence with. */
const ANSWERS_WITHIN_MS = seconds(30);
const MOST_AT_ONCE = 50;

export function bmcSights({ power, now }: BmcSightsNeeds): BmcSights {
  const heard = new Map<ServerId, { says: BmcSays; at: number }>();

  const askOne = async (serverId: ServerId): Promise<void> => {
    const says = await Promise.race([
      power(serverId).then(
        (): BmcSays => 'answers',
        (): BmcSays => 'silent',
      ),
      tooLate(),
    ]);
    heard.set(serverId, { says, at: now() });
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

function tooLate(): Promise<BmcSays> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('silent'), ANSWERS_WITHIN_MS).unref();
  });
}
