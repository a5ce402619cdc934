// Gathers results for a moment and writes them together: one statement for many.
import { Fault } from '@rackwright/domain/errors.ts';

export type Batches<T> = {
  add(one: T): void;
  /** How many are not written yet. */
  waiting(): number;
  /** Writes the rest; what cannot be written then is lost. */
  close(): Promise<void>;
};

export type BatchSettings<T> = {
  most: number;
  everyMs: number;
  /** What it rejects with a Fault is written again after `everyMs`, with what came meanwhile; what is refused for good is left out. */
  write(batch: readonly T[]): Promise<void>;
  onTrouble(thrown: unknown): void;
};

export function batches<T>({ most, everyMs, write, onTrouble }: BatchSettings<T>): Batches<T> {
  let gathered: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let closed = false;

  let size = most;
  /** Batch after batch while they are full, or until nothing is left. Ends at the first that the world refuses. */
  const drain = async (until: number): Promise<void> => {
    do {
      const batch = gathered.slice(0, size);
      try {
        if (batch.length > 0) await write(batch);
        gathered = gathered.slice(batch.length);
        if (batch.length > 1) size = most;
      } catch (thrown) {
        onTrouble(thrown);
        // The database is away: all of them later. Else one of them can never be written: each alone, and that one not at all.
        if (thrown instanceof Fault) return;
        if (batch.length === 1) gathered = gathered.slice(1);
        size = batch.length === 1 ? most : 1;
      }
    } while (gathered.length > until || (size === 1 && gathered.length > 0));
  };
  const later = (): void => {
    if (!closed && writing === undefined && gathered.length > 0) timer ??= setTimeout(begin, everyMs);
  };
  const begin = (): void => {
    clearTimeout(timer);
    timer = undefined;
    writing = drain(most).finally(() => {
      writing = undefined;
      later();
    });
  };
  return {
    add(one) {
      gathered.push(one);
      // Exactly then: after a write that failed, patience decides when the next one begins.
      if (gathered.length === most && writing === undefined && !closed) begin();
      else later();
    },
    waiting: () => gathered.length,
    async close() {
      closed = true;
      clearTimeout(timer);
      await writing;
      await drain(0);
    },
  };
}
