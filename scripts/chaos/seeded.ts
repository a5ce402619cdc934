// One stream of random numbers for everything that is decided by chance, so that a seed names a run.

export type Random = {
  /** From `least` to below `most`. */
  between(least: number, most: number): number;
  /** A whole number from 0 to below `most`. */
  below(most: number): number;
  pick<T>(from: readonly T[]): T;
  chance(part: number): boolean;
};

/** Mulberry32. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    between: (least, most) => least + next() * (most - least),
    below: (most) => Math.floor(next() * most),
    pick(from) {
      const picked = from[Math.floor(next() * from.length)];
      if (picked === undefined) throw new RangeError('nothing to pick from');
      return picked;
    },
    chance: (part) => next() < part,
  };
}
