// What a simulated BMC was asked: tests look here whether Rackwright keeps its promises to BMCs.

export type Traffic = {
  requests: number;
  /** The most different questions that it had to answer at the same moment. */
  mostAtOnce: number;
  /** The most sessions it held open. */
  mostSessions: number;
};

export type TrafficMeter = {
  /**
   * Call it when a request came; call what it gives when the answer is out.
   * @param question  one that came again because its answer is late is still one question
   */
  begin(question?: string): () => void;
  sessions(open: number): void;
  seen(): Traffic;
};

export function trafficMeter(): TrafficMeter {
  const seen: Traffic = { requests: 0, mostAtOnce: 0, mostSessions: 0 };
  const open = new Map<string | symbol, number>();
  return {
    begin(question) {
      const key = question ?? Symbol('question');
      open.set(key, (open.get(key) ?? 0) + 1);
      seen.requests += 1;
      seen.mostAtOnce = Math.max(seen.mostAtOnce, open.size);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        const left = (open.get(key) ?? 1) - 1;
        if (left > 0) open.set(key, left);
        else open.delete(key);
      };
    },
    sessions(now) {
      seen.mostSessions = Math.max(seen.mostSessions, now);
    },
    seen: () => ({ ...seen }),
  };
}
