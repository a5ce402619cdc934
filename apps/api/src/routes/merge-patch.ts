// RFC 7396 for maps of small objects: null removes an entry, anything else changes or adds it.

/** Entries in the order they were in, new ones behind them. */
export function mergeMap<V extends object>(
  current: ReadonlyMap<string, V>,
  patch: Record<string, { [K in keyof V]?: V[K] | undefined } | null>,
  fresh: V,
): Map<string, V> {
  const merged = new Map(current);
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) merged.delete(key);
    else merged.set(key, { ...(merged.get(key) ?? fresh), ...withoutUndefined(change) });
  }
  return merged;
}

/** For maps of plain values. */
export function mergeValues<V>(current: Record<string, V>, patch: Record<string, V | null>): Record<string, V> {
  const merged = Object.entries({ ...current, ...patch });
  return Object.fromEntries(merged.filter((entry): entry is [string, V] => entry[1] !== null));
}

/** The members that were sent. */
export function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}

/** RFC 7396 as it stands, for objects whose members nobody knows here. */
export function mergePatch(current: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    const before = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isObject(value) ? mergePatch(isObject(before) ? before : {}, value) : value;
  }
  return merged;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
