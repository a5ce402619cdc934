// What limits the power of a rack: its feeds, and the rack's own budget. Each server counts on each of these circuits.

export type PowerFeed = {
  name: string;
  /** Of its breaker. */
  amps: number;
  volts: number;
  /** Percent of `amps` that may be used for long; null takes the rack's. */
  maxUtilisation: number | null;
};

export type RackPower = {
  feeds: readonly PowerFeed[];
  /** Percent, for feeds that say nothing of their own. */
  maxUtilisation: number;
  /** `redundant`: A and B, each must carry everything when the other fails. `shared`: servers are spread over them. */
  redundancy: 'redundant' | 'shared';
  /** Amperes of all feeds together, where a contract or the cooling ends sooner; null when only the feeds count. */
  budgetAmps: number | null;
  /** How many servers may start at the same time; null takes the default. */
  powerOnsAtOnce: number | null;
};

export const USUAL_VOLTS = 230;
export const USUAL_UTILISATION = 80;
/** In a rack of whose feeds we know nothing: too few to trip a breaker, enough for a full rack in a minute. */
export const USUAL_POWER_ONS_AT_ONCE = 10;

export type Circuit = {
  kind: 'feed' | 'rack';
  name: string;
  volts: number;
  budgetAmps: number;
  /** Which part of every server's draw counts here: 1 where one feed must carry all. */
  share: number;
};

/** A rack without feeds and without a budget has none: then only `atOnce` holds it back. */
export function circuitsOf(rackName: string, power: RackPower): Circuit[] {
  const { feeds, redundancy, budgetAmps } = power;
  const allAmps = feeds.reduce((sum, { amps }) => sum + amps, 0);
  const circuits = feeds.map((feed): Circuit => {
    const { name, amps, volts, maxUtilisation } = feed;
    const usable = (amps * (maxUtilisation ?? power.maxUtilisation)) / 100;
    return { kind: 'feed', name, volts, budgetAmps: usable, share: redundancy === 'redundant' ? 1 : amps / allAmps };
  });
  if (budgetAmps === null) return circuits;
  return [...circuits, { kind: 'rack', name: rackName, volts: feeds[0]?.volts ?? USUAL_VOLTS, budgetAmps, share: 1 }];
}

/** Undefined: as many as the circuits carry. */
export function atOnceOf(
  { powerOnsAtOnce }: Pick<RackPower, 'powerOnsAtOnce'>,
  circuits: readonly Circuit[],
): number | undefined {
  return powerOnsAtOnce ?? (circuits.length === 0 ? USUAL_POWER_ONS_AT_ONCE : undefined);
}

/** Amperes that a draw of so many watts is on this circuit. */
export function ampsOn({ volts, share }: Pick<Circuit, 'volts' | 'share'>, watts: number): number {
  return (watts * share) / volts;
}
