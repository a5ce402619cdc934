// Gathers results for a moment and writes them together: one statement for many.

export type Batches<T> = {
  add(one: T): void;
  /** How many are not written yet. */
  waiting(): number;
  /** Writes the rest, once. */
  close(): Promise<void>;
};

export type BatchSettings<T> = {
  most: number;
  everyMs: number;
  /** What it rejects is written again, with the next ones. */
  write(batch: readonly T[]): Promise<void>;
  onTrouble(thrown: unknown): void;
};

export function batches<T>({ most, everyMs, write, onTrouble }: BatchSettings<T>): Batches<T> {
  let gathered: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const batch = gathered.slice(0, most);
    if (batch.length === 0) return;
    try {
      await write(batch);
      gathered = gathered.slice(batch.length);
    } catch (thrown) {
      onTrouble(thrown);
    }
  };
  const begin = (): void => {
    writing ??= flush().finally(() => {
      writing = undefined;
      if (gathered.length >= most * 2) begin();
      else if (gathered.length > 0) timer ??= setTimeout(begin, everyMs);
    });
  };
  return {
    add(one) {
      gathered.push(one);
      if (gathered.length >= most) begin();
      else timer ??= setTimeout(begin, everyMs);
    },
    waiting: () => gathered.length,
    async close() {
      await writing;
      while (gathered.length > 0) {
        const before = gathered.length;
        await flush();
        if (gathered.length === before) break;
      }
      clearTimeout(timer);
    },
  };
}
