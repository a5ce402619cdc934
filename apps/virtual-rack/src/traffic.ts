// What a simulated BMC was asked: tests look here whether Rackwright keeps its promises to BMCs.

export type Traffic = {
  requests: number;
  /** The most that it had to answer at the same moment. */
  mostAtOnce: number;
  /** The most sessions it held open. */
  mostSessions: number;
};

export type TrafficMeter = {
  /** Call it when a request came; call what it gives when the answer is out. */
  begin(): () => void;
  sessions(open: number): void;
  seen(): Traffic;
};

export function trafficMeter(): TrafficMeter {
  const seen: Traffic = { requests: 0, mostAtOnce: 0, mostSessions: 0 };
  let now = 0;
  return {
    begin() {
      seen.requests += 1;
      now += 1;
      seen.mostAtOnce = Math.max(seen.mostAtOnce, now);
      let over = false;
      return () => {
        if (!over) now -= 1;
        over = true;
      };
    },
    sessions(open) {
      seen.mostSessions = Math.max(seen.mostSessions, open);
    },
    seen: () => ({ ...seen }),
  };
}
