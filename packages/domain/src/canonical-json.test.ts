// The examples of RFC 8785, and the traps of JavaScript's own order of members.
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

test('members are sorted by UTF-16 code units (RFC 8785 section 3.2.3)', () => {
  const value = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  const order = ['Carriage', 'One', 'Control', 'Latin', 'Euro', 'Emoji', 'Hebrew'];
  const text = canonicalJson(value);
  const places = order.map((word) => text.indexOf(word));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test('numbers that JavaScript would sort as numbers are sorted as text, at every depth', () => {
  expect(canonicalJson([{ 9: 1, 10: { b: undefined, a: null } }])).toBe('[{"10":{"a":null},"9":1}]');
});

test('numbers are written the short way (section 3.2.2.3)', () => {
  expect(canonicalJson(JSON.parse('{"n":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]}'))).toBe(
    '{"n":[333333333.3333333,1e+30,4.5,0.002,1e-27]}',
  );
});

test('nothing at all is the empty text', () => {
  expect(canonicalJson(undefined)).toBe('');
});
