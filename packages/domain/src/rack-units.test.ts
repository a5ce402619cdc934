// Units and halves of them: what they are called, and where something ends.
import { describe, expect, test } from 'vitest';
import { sayUnits, topUnit } from './rack-units.ts';

const HALVES = Array.from({ length: 40 }, (_, i) => 1 + i / 2);
const HEIGHTS = Array.from({ length: 20 }, (_, i) => (i + 1) / 2);

describe('units as people say them', () => {
  test.each([
    [12, 1, '12'],
    [12, 2, '12-13'],
    [12, 0.5, '12'],
    [12.5, 0.5, '12.5'],
    [12.5, 1, '12.5-13'],
    [12, 1.5, '12-13'],
  ])('%d and %d high: %s', (uPosition, uHeight, said) => {
    expect(sayUnits(uPosition, uHeight)).toBe(said);
  });

  test('whole units are said as they always were, for every place and height', () => {
    for (const u of HALVES.filter(Number.isInteger))
      for (const height of HEIGHTS.filter(Number.isInteger))
        expect(sayUnits(u, height)).toBe(height === 1 ? `${u}` : `${u}-${u + height - 1}`);
  });

  test('the top unit is the one that holds the highest half', () => {
    for (const u of HALVES) for (const height of HEIGHTS) expect(topUnit(u, height)).toBe(Math.floor(u + height - 0.5));
  });
});
