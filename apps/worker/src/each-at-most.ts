// Does something with each of many, a bounded number at the same time.

/** Ends when all are done; rejects with the first failure, once what was begun has ended. */
export async function eachAtMost<T>(most: number, all: readonly T[], does: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < all.length; at = next++) await does(all[at] as T);
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(most, all.length) }, work));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
