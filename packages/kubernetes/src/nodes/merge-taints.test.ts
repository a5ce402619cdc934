// Changing one taint leaves the others as they are, and nothing is written when nothing would change.
import { expect, test } from 'vitest';
import { withoutTaints, withTaints } from './merge-taints.ts';

const foreign = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' };
const ours = { key: 'rackwright.io/not-ready', effect: 'NoSchedule' } as const;

test('adds beside what is there', () => expect(withTaints([foreign], [ours])).toEqual([foreign, ours]));
test('replaces a taint of the same key and effect with another value', () =>
  expect(withTaints([{ ...ours, value: 'a' }, foreign], [{ ...ours, value: 'b' }])).toEqual([foreign, { ...ours, value: 'b' }]));
test('the same key with another effect is another taint', () =>
  expect(withTaints([{ ...ours, effect: 'NoExecute' }], [ours])).toHaveLength(2));
test('says when it is there already', () => expect(withTaints([foreign, ours], [ours])).toBeUndefined());
test('takes away ours alone', () => expect(withoutTaints([foreign, ours], [ours])).toEqual([foreign]));
test('says when there is nothing to take away', () => expect(withoutTaints([foreign], [ours])).toBeUndefined());
