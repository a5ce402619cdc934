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
   * @param question  by which a repetition is known: one that came again because its answer is late is still one question
   */
  begin(question?: string): () => void;
  sessions(open: number): void;
  seen(): Traffic;
};

export function trafficMeter(): TrafficMeter {
  const seen: Traffic = { requests: 0, mostAtOnce: 0, mostSessions: 0 };
  const open = new Set<string | symbol>();
  let lastAnswered: string | symbol | undefined;
  return {
    begin(question) {
      const key = question ?? Symbol('question');
      seen.requests += 1;
      // The answer and the repetition met on the way: whoever asked has what it wanted.
      if (key === lastAnswered) return () => {};
      open.add(key);
      seen.mostAtOnce = Math.max(seen.mostAtOnce, open.size);
      return () => {
        if (open.delete(key)) lastAnswered = key;
      };
    },
    sessions(now) {
      seen.mostSessions = Math.max(seen.mostSessions, now);
    },
    seen: () => ({ ...seen }),
  };
}
