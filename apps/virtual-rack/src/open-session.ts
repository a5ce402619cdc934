// A session that a simulated BMC holds open, told apart from all others: whoever looks for leaks counts none twice.

export type OpenSession = {
  id: string;
  /** Epoch milliseconds, as `usedAt`. */
  openedAt: number;
  /** When it last carried a request. The BMC ends it by itself so long after that as its kind of session lasts. */
  usedAt: number;
  /** False: the answer to its login reached nobody, so nobody can know it. */
  told: boolean;
  /** The BMC is at work on ending it. */
  ending: boolean;
};

/** Of sessions that a BMC forgot all at once: how many requests have come on one of them since. */
export type RequestsSince = () => number;
