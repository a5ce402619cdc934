// Passwords for BMC accounts that every BMC takes: sixteen characters of four kinds, none that needs quoting, a letter first.

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const MARKS = '-_.';
/** IPMI carries twenty bytes, its older users sixteen; some BMCs take no fewer than thirteen, and one no more than sixteen. */
const LENGTH = 16;

/** So much randomness is always enough: a byte that would favour some letters is passed over. */
export const BMC_PASSWORD_RANDOM_BYTES = 256;

/** 85 bits of it are random. @param random  BMC_PASSWORD_RANDOM_BYTES random bytes; throws RangeError when they run out */
export function makeBmcPassword(random: Uint8Array): string {
  let at = 0;
  const pick = (letters: string): string => {
    const fair = 256 - (256 % letters.length);
    for (;;) {
      const byte = random[at++];
      if (byte === undefined) throw new RangeError('not enough randomness for a password');
      if (byte < fair) return letters.charAt(byte % letters.length);
    }
  };
  const kinds = [UPPER, LOWER, DIGITS, MARKS];
  return Array.from({ length: LENGTH }, (_, i) => pick(kinds[i] ?? UPPER + LOWER + DIGITS)).join('');
}
