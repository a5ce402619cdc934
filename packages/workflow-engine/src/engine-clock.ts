// The only clock the engine knows: handed in, so that tests turn it by hand.

/** Milliseconds since the epoch. */
export type EngineClock = { now(): number };
