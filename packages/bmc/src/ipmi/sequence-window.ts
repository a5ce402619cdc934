// Which sequence numbers of the other side are fresh (IPMI 2.0 §6.12.13): once each, and not too far from the highest seen.

export type SequenceWindow = {
  /** True once for each number that is within the window; false for repeats, zeros and strays. */
  accept(sequence: number): boolean;
};

const AHEAD = 15;
const BEHIND = 16;
/** BMCs that share a network port skip numbers (ASRock), hence twice what the specification grants. */
const LENIENT_AHEAD = 32;

/** `strict` is the specification's window, for a BMC; a console is lenient with its one peer. */
export function sequenceWindow(manner: 'strict' | 'lenient'): SequenceWindow {
  const ahead = manner === 'strict' ? AHEAD : LENIENT_AHEAD;
  let highest = 0;
  let seen = new Set<number>();

  return {
    accept(sequence) {
      if (sequence === 0 || sequence > highest + ahead || sequence < highest - BEHIND || seen.has(sequence)) return false;
      seen.add(sequence);
      if (sequence > highest) {
        highest = sequence;
        if (seen.size > 2 * BEHIND) seen = new Set([...seen].filter((one) => one >= highest - BEHIND));
      }
      return true;
    },
  };
}

/** The next number of our own: counts every datagram, and passes over 0, which means "outside of a session". */
export function nextSequence(last: number): number {
  return last >= 0xffff_ffff ? 1 : last + 1;
}
