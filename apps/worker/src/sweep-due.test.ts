// The sweep wakes what is due, once in a while and not at every look, and tries again what could not be woken.
import type { OperationId } from '@rackwright/domain/ids.ts';
import { expect, test } from 'vitest';
import { sweepDue } from './sweep-due.ts';

test('an operation that stays due is woken again after a while, not at every sweep', async () => {
  let now = 0;
  const woken: string[] = [];
  const sweep = sweepDue(
    { due: async () => ['op_1'] as OperationId[] },
    { wakeUp: async (id) => void woken.push(`${id} ${now}`) },
    () => now,
  );
  for (; now <= 12_000; now += 2_000) await sweep();
  expect(woken).toEqual(['op_1 0', 'op_1 6000', 'op_1 12000']);
});

test('what could not be woken is tried at the next sweep', async () => {
  let broken = true;
  const woken: string[] = [];
  const wakeUp = async (id: OperationId) => (broken ? Promise.reject(new Error('no queue')) : void woken.push(id));
  const sweep = sweepDue({ due: async () => ['op_1', 'op_2'] as OperationId[] }, { wakeUp }, () => 0);
  await expect(sweep()).rejects.toThrow('no queue');
  broken = false;
  await sweep();
  expect(woken).toEqual(['op_1', 'op_2']);
});
