// The grammar by example, and what is said of a filter that is wrong.
import { expect, test } from 'vitest';
import { parseServerFilter } from './server-filter.ts';

const is = (field: string, ...values: string[]) => ({ field, negate: false, op: 'in', values });

test.each([
  ['', []],
  ['  ', []],
  ['state=available', [is('state', 'available')]],
  ['state = available ', [is('state', 'available')]],
  ['state!=available', [{ ...is('state', 'available'), negate: true }]],
  ['NOT state!=available', [is('state', 'available')]],
  ['not state=available', [{ ...is('state', 'available'), negate: true }]],
  ['state in (available,in_service)', [is('state', 'available', 'in_service')]],
  [
    'rack~"TPE1-R1*" AND label.pool=gpu',
    [{ field: 'rack', negate: false, op: 'glob', pattern: 'TPE1-R1*' }, is('label.pool', 'gpu')],
  ],
  ['name="say \\"AND\\" \\\\"', [is('name', 'say "AND" \\')]],
  ['name=and AND serial=not', [is('name', 'and'), is('serial', 'not')]],
  ['label.example.com/tier=a', [is('label.example.com/tier', 'a')]],
])('%s', (text, conditions) => {
  expect(parseServerFilter(text)).toEqual({ ok: true, conditions });
});

test.each([
  ['stat=failed', { at: 0, length: 4, code: 'unknown_field', suggestion: 'state' }],
  ['state=availible', { at: 6, length: 9, code: 'unknown_value', suggestion: 'available' }],
  ['name=a  colour=red', { at: 8, length: 6, code: 'unexpected' }],
  ['name=a AND colour=red', { at: 11, length: 6, code: 'unknown_field' }],
  ['label.=gpu', { at: 0, code: 'unknown_field' }],
  ['constructor=x', { at: 0, code: 'unknown_field' }],
  ['name=', { at: 5, code: 'unfinished' }],
  ['name', { at: 4, code: 'unfinished' }],
  ['name=a AND', { at: 10, code: 'unfinished' }],
  ['NOT', { at: 3, code: 'unfinished' }],
  ['name="a', { at: 5, code: 'unexpected' }],
  ['name=a!', { at: 6, code: 'unexpected' }],
  ['name in a', { at: 8, code: 'unexpected' }],
  ['name in (a b)', { at: 11, code: 'unexpected' }],
  ['name in ()', { at: 9, code: 'unexpected' }],
  ['="a"', { at: 0, code: 'unexpected' }],
  [Array.from({ length: 41 }, () => 'name=a').join(' AND '), { code: 'too_many_terms' }],
  [`name in (${'a,'.repeat(100)}a)`, { code: 'too_many_values' }],
  [`name=${'a'.repeat(2_000)}`, { code: 'too_long' }],
])('refused: %s', (text, fault) => {
  expect(parseServerFilter(text)).toMatchObject({ ok: false, fault });
});
