// One answer for all who ask for the same at once, such as hundreds of operations that look at one list of a cluster.

/**
 * Whoever asks while `ask` runs shares the next run, which begins later: nobody gets an answer older than their question. A failure is
 * everybody's who shared the run; the next one begins all the same.
 */
export function shareNext<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    next = undefined;
    const mine = ask();
    running = mine;
    const over = (): void => {
      if (running === mine) running = undefined;
    };
    mine.then(over, over);
    return mine;
  };
  return () => {
    if (!next && !running) return begin();
    return (next ??= (running as Promise<T>).then(begin, begin));
  };
}
