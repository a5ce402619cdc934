// A page token is good for its list, for a day, and tells nobody anything.
import { randomBytes } from 'node:crypto';
import { hours } from '@rackwright/domain/durations.ts';
import { expect, test } from 'vitest';
import { pageTokens } from './page-tokens.ts';

let now = 0;
const clock = { now: () => now };
const secret = new Uint8Array(32).fill(1);
const tokens = pageTokens(secret, clock, randomBytes);
const refused = expect.objectContaining({ code: 'invalid_page_token' });

test('it says where its list goes on, and nothing to anybody else', () => {
  const token = tokens.make('TPE1-R12-S09', 'servers');
  expect(tokens.read(token, 'servers')).toBe('TPE1-R12-S09');
  expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain('TPE1');
  expect(tokens.make('TPE1-R12-S09', 'servers')).not.toBe(token);
});

test('it is refused for another list, by another key, changed anywhere, cut anywhere, and after a day', () => {
  const token = tokens.make('a', 'servers');
  expect(() => tokens.read(token, 'racks')).toThrow(refused);
  expect(() => pageTokens(new Uint8Array(32).fill(2), clock, randomBytes).read(token, 'servers')).toThrow(refused);
  const bytes = Buffer.from(token, 'base64url');
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => tokens.read(changed.toString('base64url'), 'servers')).toThrow(refused);
    expect(() => tokens.read(bytes.subarray(0, at).toString('base64url'), 'servers')).toThrow(refused);
  }
  now = hours(24) - 1;
  expect(tokens.read(token, 'servers')).toBe('a');
  now = hours(24);
  expect(() => tokens.read(token, 'servers')).toThrow(refused);
});
