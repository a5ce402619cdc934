// Which items of a bulk operation begin next: the canary first, then as many at once as the limits allow, and none after too many failures.

export type Waves = {
  /** So many go first, and alone. */
  canary: number;
  /** At most so many at once. */
  parallelism: number;
  /** At most so many at once in one rack; null for no limit of their own. */
  perRack: number | null;
  /** More failures than this share of all items, or of the canary, and nothing more begins. 1: never stop. */
  stopOnFailureRatio: number;
  /** After the canary and after each wave; with 0 a free place is filled at once. */
  pauseBetweenSeconds: number;
};

export const ITEM_STATES = ['pending', 'running', 'succeeded', 'failed', 'refused', 'cancelled', 'skipped'] as const;
export type ItemState = (typeof ITEM_STATES)[number];

export type BulkItem = {
  position: number;
  /** Whatever shares a rack; null stands in none. */
  rack: string | null;
  state: ItemState;
  /** 0 for the canary; null until it began. */
  wave: number | null;
  /** Milliseconds since the epoch; null until it ended. */
  endedAt: number | null;
  /** Somebody let the bulk operation go on in spite of it. */
  forgiven: boolean;
};

export type NextItems =
  | { do: 'begin'; wave: number; positions: number[] }
  | { do: 'wait'; for: 'canary' | 'wave' | 'items'; running: number }
  | { do: 'pause'; until: number }
  | { do: 'stop'; because: 'canary_failed' | 'too_many_failures'; failed: number[] }
  | { do: 'finish' };

/** @param now  milliseconds since the epoch */
export function nextItems(waves: Waves, items: readonly BulkItem[], now: number): NextItems {
  const pending = items.filter(({ state }) => state === 'pending');
  const running = items.filter(({ state }) => state === 'running');
  if (pending.length === 0)
    return running.length === 0 ? { do: 'finish' } : { do: 'wait', for: 'items', running: running.length };

  const canary = Math.min(waves.canary, items.length);
  const stop = tooManyFailures(waves, items, canary);
  if (stop) return stop;

  const canaryLeft = canary - items.filter(({ wave }) => wave === 0).length;
  if (canaryLeft > 0)
    return begin(waves, pending, running, 0, canaryLeft) ?? { do: 'wait', for: 'canary', running: running.length };
  if (running.some(({ wave }) => wave === 0)) return { do: 'wait', for: 'canary', running: running.length };

  const last = Math.max(0, ...items.map(({ wave }) => wave ?? 0));
  if (waves.pauseBetweenSeconds > 0) {
    if (running.length > 0) return { do: 'wait', for: 'wave', running: running.length };
    const until = Math.max(0, ...items.map(({ endedAt }) => endedAt ?? 0)) + waves.pauseBetweenSeconds * 1_000;
    if (canary + last > 0 && now < until) return { do: 'pause', until };
    return begin(waves, pending, running, last + 1, waves.parallelism) ?? { do: 'wait', for: 'wave', running: 0 };
  }
  return begin(waves, pending, running, 1, waves.parallelism) ?? { do: 'wait', for: 'wave', running: running.length };
}

const failed = ({ state, forgiven }: BulkItem): boolean => !forgiven && (state === 'failed' || state === 'refused');

function tooManyFailures({ stopOnFailureRatio }: Waves, items: readonly BulkItem[], canary: number): NextItems | undefined {
  const failures = items.filter(failed);
  const inCanary = failures.filter(({ wave }) => wave === 0);
  const positions = failures.map(({ position }) => position);
  if (inCanary.length > canary * stopOnFailureRatio) return { do: 'stop', because: 'canary_failed', failed: positions };
  return failures.length > items.length * stopOnFailureRatio
    ? { do: 'stop', because: 'too_many_failures', failed: positions }
    : undefined;
}

/** In the order of the plan, passing over what stands in a full rack. Undefined: no place is free. */
function begin(
  { parallelism, perRack }: Waves,
  pending: readonly BulkItem[],
  running: readonly BulkItem[],
  wave: number,
  most: number,
): NextItems | undefined {
  const inRack = new Map<string, number>();
  const count = (rack: string | null) => rack !== null && inRack.set(rack, (inRack.get(rack) ?? 0) + 1);
  for (const { rack } of running) count(rack);
  const free = Math.min(most, parallelism - running.length);
  const positions: number[] = [];
  for (const { position, rack } of pending) {
    if (positions.length >= free) break;
    if (perRack !== null && rack !== null && (inRack.get(rack) ?? 0) >= perRack) continue;
    positions.push(position);
    count(rack);
  }
  return positions.length > 0 ? { do: 'begin', wave, positions } : undefined;
}
