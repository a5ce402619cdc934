// Says of a repeated thing whether it is time to mention it again; remembers a bounded number of things.

/** The function answers true the first time, and again once `everyMs` have passed since it last answered true. */
export function seldom({ everyMs, remembered }: { everyMs: number; remembered: number }): (key: string, now: number) => boolean {
  const last = new Map<string, number>();
  return (key, now) => {
    const before = last.get(key);
    if (before !== undefined && now - before < everyMs && now >= before) return false;
    // Deleted first, so that the map's order is that of the last mention and its head the oldest.
    last.delete(key);
    if (last.size >= remembered) {
      const [oldest] = last.keys();
      if (oldest !== undefined) last.delete(oldest);
    }
    last.set(key, now);
    return true;
  };
}
