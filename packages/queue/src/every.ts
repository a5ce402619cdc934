// A deed done again and again in this process, never twice at once: sweeps.

/** Starts at once. The stop waits for a run that is under way. */
export function everySoOften(
  name: string,
  everyMs: number,
  does: () => Promise<void>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  const run = (): void => {
    running = does()
      .catch((cause) => onError(new Error(`sweep ${name} failed`, { cause })))
      .finally(() => {
        if (!stopped) timer = setTimeout(run, everyMs);
      });
  };
  run();

  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
