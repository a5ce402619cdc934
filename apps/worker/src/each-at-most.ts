// Does something with each of many, a bounded number at the same time.

/** Ends when all are done; rejects with the first failure, once what was begun has ended. */
export async function eachAtMost<T>(most: number, all: readonly T[], does: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  await inLanes(Math.min(most, all.length), async () => {
    for (let at = next++; at < all.length; at = next++) await does(all[at] as T);
  });
}

/** For lanes that decide themselves what they take next and when they end; none for a count below one. Rejects as `eachAtMost` does. */
export async function inLanes(count: number, lane: () => Promise<void>): Promise<void> {
  const ended = await Promise.allSettled(Array.from({ length: Math.max(0, count) }, lane));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
