// What a run of bench:life must not exceed, whatever the machine: the aims for a thousand servers.

export type LifePhase = {
  name: string;
  /** Without the time that machines need by themselves. */
  seconds: number;
  peakMegabytes: number;
};

/** From so many servers on the aims count: fewer prove nothing about a thousand. */
export const AIMED_SERVERS = 1_000;
const MOST_SECONDS = 300;
const MOST_MEGABYTES = 1e9 / 1024 ** 2;
const WAYS: readonly { way: string; phases: readonly string[] }[] = [
  { way: 'from registered to in service', phases: ['onboard', 'provision'] },
  { way: 'from in service to erased', phases: ['release'] },
];

/** @returns each missed aim in words; none for a run of fewer than a thousand servers */
export function missedAims(servers: number, phases: readonly LifePhase[]): string[] {
  if (servers < AIMED_SERVERS) return [];
  const missed: string[] = [];
  for (const { way, phases: names } of WAYS) {
    const measured = phases.filter(({ name }) => names.includes(name));
    const seconds = measured.reduce((sum, one) => sum + one.seconds, 0);
    if (measured.length < names.length) missed.push(`${way}: not all of ${names.join(', ')} was measured`);
    else if (!(seconds < MOST_SECONDS)) missed.push(`${way}: ${seconds.toFixed(0)} s, the aim is under ${MOST_SECONDS} s`);
  }
  const most = phases.reduce((peak, one) => Math.max(peak, one.peakMegabytes), 0);
  if (!(most > 0 && most < MOST_MEGABYTES))
    missed.push(`memory: ${most.toFixed(0)} MB at most, the aim is under ${MOST_MEGABYTES.toFixed(0)} MB (1 GB)`);
  return missed;
}
