// Lets one command through at a time, in the order they came: BMCs lose or mix up answers when asked two things at once.
import { Fault } from '@rackwright/domain/errors.ts';

export type Turnstile = {
  /** Runs `act` when it is its turn. Rejects with bmc_busy when too many wait already. */
  pass<T>(doing: string, act: () => Promise<T>): Promise<T>;
};

export function oneAtATime(mostWaiting: number): Turnstile {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    pass(doing, act) {
      if (waiting >= mostWaiting) {
        const cause = `${mostWaiting} commands wait already`;
        return Promise.reject(new Fault({ code: 'bmc_busy', doing, retry: 'soon', cause }));
      }
      waiting += 1;
      const turn = last.then(act).finally(() => {
        waiting -= 1;
      });
      last = turn.catch(() => {});
      return turn;
    },
  };
}
