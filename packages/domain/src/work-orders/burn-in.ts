// How hard repaired parts are worked before they are trusted again.
import { hours, minutes, seconds } from '../durations.ts';

export const BURN_INS = ['none', 'short', 'long'] as const;
export type BurnIn = (typeof BURN_INS)[number];

export type BurnInPlan = {
  cpuSeconds: number;
  memorySeconds: number /** For each disk; they are read, never written. */;
  diskSeconds: number;
};

const PLANS: Record<Exclude<BurnIn, 'none'>, BurnInPlan> = {
  short: { cpuSeconds: 60, memorySeconds: 120, diskSeconds: 30 },
  long: { cpuSeconds: 3_600, memorySeconds: 7_200, diskSeconds: 900 },
};
const LONGEST = hours(26);

export function burnInPlan(burnIn: BurnIn): BurnInPlan | null {
  return burnIn === 'none' ? null : PLANS[burnIn];
}

/** Milliseconds after which an agent that has not reported is given up: half as long again, and ten minutes. */
export function burnInLimit({ cpuSeconds, memorySeconds, diskSeconds }: BurnInPlan, disks: number): number {
  const work = seconds(cpuSeconds + memorySeconds + diskSeconds * disks);
  return Math.min(work * 1.5 + minutes(10), LONGEST);
}

export type BurnInTest = {
  test: 'cpu' | 'memory' | 'disk';
  /** The disk's serial; empty for what the machine has one of. */
  subject: string;
  passed: boolean;
  seconds: number;
  detail: string;
};
