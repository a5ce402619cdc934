// Carries events from the packet path to a slow listener: in order, a bounded number waiting, never making a packet wait.

export interface BoundedEvents<E> {
  /** Never waits and never throws. Once `limit` are waiting, further ones are dropped and counted. */
  offer(event: E): void;
  readonly dropped: number;
  /** Ends when what was waiting is delivered. */
  close(): Promise<void>;
}

/** `deliver` is called with one event at a time. What it throws goes to `onFault`, and the event is gone. */
export function boundedEvents<E>(options: {
  limit: number;
  deliver: (event: E) => void | Promise<void>;
  onFault: (cause: unknown) => void;
}): BoundedEvents<E> {
  const waiting: E[] = [];
  let dropped = 0;
  let closed = false;
  let delivering: Promise<void> | undefined;

  async function drain(): Promise<void> {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      try {
        await options.deliver(event);
      } catch (cause) {
        options.onFault(cause);
      }
    }
    delivering = undefined;
  }

  return {
    offer(event) {
      if (closed || waiting.length >= options.limit) {
        dropped++;
        return;
      }
      waiting.push(event);
      delivering ??= Promise.resolve().then(drain);
    },
    get dropped() {
      return dropped;
    },
    async close() {
      closed = true;
      await delivering;
    },
  };
}
