// What BMCs ask of passwords, and that no two are alike.
import { expect, test } from 'vitest';
import { BMC_PASSWORD_RANDOM_BYTES, makeBmcPassword } from './bmc-password.ts';

/** Bytes that look random and are the same in every run. */
function bytes(seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: BMC_PASSWORD_RANDOM_BYTES }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (state >> 16) & 0xff;
  });
}

test('sixteen characters of four kinds, a letter first, nothing that needs quoting', () => {
  const made = Array.from({ length: 500 }, (_, seed) => makeBmcPassword(bytes(seed + 1)));
  for (const password of made) expect(password).toMatch(/^[A-Z][a-z][0-9][-_.][A-Za-z0-9]{12}$/);
  expect(new Set(made).size).toBe(made.length);
});

test('bytes that would favour some letters are passed over', () => {
  expect(() => makeBmcPassword(new Uint8Array(BMC_PASSWORD_RANDOM_BYTES).fill(255))).toThrow('not enough randomness');
});
