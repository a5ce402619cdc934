// Pod ranges: one per node, inside the pod network, or none at all.
import { expect, test } from 'vitest';
import { podRangeOf } from './pod-range.ts';

test.each([
  ['10.244.0.0/16', '10.77.0.0/24', '10.77.0.31', '10.244.31.0/24'],
  ['10.0.0.0/12', '10.77.0.0/22', '10.77.3.1', '10.3.1.0/24'],
  ['10.244.0.0/16', '10.77.0.0/22', '10.77.1.0', undefined],
  ['10.244.0.0/25', '10.77.0.0/24', '10.77.0.1', undefined],
  ['10.244.0.0/16', '10.77.0.0/24', '10.76.0.1', undefined],
  ['nonsense', '10.77.0.0/24', '10.77.0.1', undefined],
])('pods %s, network %s, node %s: %s', (pods, network, address, range) => {
  expect(podRangeOf(pods, network, address)).toBe(range);
});
