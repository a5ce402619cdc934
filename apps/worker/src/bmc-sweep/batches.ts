// Gathers results for a moment and writes them together: one statement for many.

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
  /** What it rejects is written again after `everyMs`, with what came meanwhile. */
  write(batch: readonly T[]): Promise<void>;
  onTrouble(thrown: unknown): void;
};

export function batches<T>({ most, everyMs, write, onTrouble }: BatchSettings<T>): Batches<T> {
  let gathered: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let closed = false;

  /** Batch after batch while they are full, or until nothing is left. Ends at the first that fails. */
  const drain = async (until: number): Promise<void> => {
    try {
      do {
        const batch = gathered.slice(0, most);
        if (batch.length > 0) await write(batch);
        gathered = gathered.slice(batch.length);
      } while (gathered.length > until);
    } catch (thrown) {
      onTrouble(thrown);
    }
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
