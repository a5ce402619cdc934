// How long the driver waits for what. Defaults are what Ironic, libredfish and vendors' own tools settled on.

/** All in milliseconds. */
export type Timings = {
  /** TCP and TLS. */
  connect: number;
  /** One answer, from request sent to last byte. */
  request: number;
  /** Throttled BMCs take long over a login. */
  login: number;
  /** Between two looks at a state that is to change. */
  poll: number;
  powerOn: number;
  powerOff: number;
  /** An operating system closes its files. */
  gracefulOff: number;
  /** Between off and on again: capacitors, and BMCs that refuse `On` right after off. */
  restAfterOff: number;
  /** Until a written property reads back as written. */
  settle: number;
  /** Patience with a BMC that says it is busy, for one request. */
  busy: number;
  /** Patience with a task (202). */
  task: number;
};

/** For whoever has a whole fleet to look at: never longer than this, and no patience with a BMC that says it is busy. */
export function briefly(timings: Timings): Timings {
  return {
    ...timings,
    connect: Math.min(timings.connect, 3_000),
    request: Math.min(timings.request, 8_000),
    login: Math.min(timings.login, 8_000),
    busy: 0,
  };
}

export const FIELD_TIMINGS: Timings = {
  connect: 10_000,
  request: 60_000,
  login: 30_000,
  poll: 2_000,
  powerOn: 120_000,
  powerOff: 60_000,
  gracefulOff: 300_000,
  restAfterOff: 15_000,
  settle: 20_000,
  busy: 120_000,
  task: 300_000,
};
