// A replacement reaches its end from wherever its servers are, and takes nothing out before the other one is in.
import { expect, test } from 'vitest';
import { MOST_SPARES, nextAct, type OperationSeen, type SeenReplacement } from './advance-replacement.ts';

const op = (state: OperationSeen['state'], errorCode: string | null = null): OperationSeen => ({ id: 'op_1', state, errorCode });
const seen = (change: Partial<SeenReplacement> = {}, broken: Partial<SeenReplacement['broken']> = {}): SeenReplacement => ({
  state: 'taking_in',
  order: 'spare_first',
  tried: 1,
  spareOperation: op('running'),
  ...change,
  broken: { state: 'in_service', busyWith: null, operation: null, ...broken },
});

test.each([
  ['a spare is taken first', seen({ spareOperation: null, tried: 0 }), { act: 'take_spare' }],
  ['nothing is taken out while it is installed', seen(), { act: 'wait', code: 'spare_provisioning' }],
  ['then the broken one goes', seen({ spareOperation: op('succeeded') }), { act: 'take_out' }],
  ['a degraded one too', seen({ spareOperation: op('succeeded') }, { state: 'degraded' }), { act: 'take_out' }],
  [
    'somebody else’s operation is waited for',
    seen({ spareOperation: op('succeeded') }, { busyWith: 'op_2' }),
    { code: 'broken_busy' },
  ],
  [
    'one that is out already is left alone',
    seen({ spareOperation: op('succeeded') }, { state: 'quarantined' }),
    { act: 'succeed' },
  ],
  [
    'its own operation is waited for',
    seen({ state: 'taking_out' }, { state: 'releasing', operation: op('running') }),
    { code: 'broken_leaving' },
  ],
  ['released: done', seen({ state: 'taking_out' }, { state: 'available', operation: op('succeeded') }), { act: 'succeed' }],
  [
    'out in quarantine is out',
    seen({ state: 'taking_out' }, { state: 'quarantined', operation: op('failed', 'agent_silent') }),
    { act: 'succeed' },
  ],
  [
    'a drain that was blocked ends it',
    seen({ state: 'taking_out' }, { operation: op('failed', 'drain_kept') }),
    { act: 'fail', code: 'broken_kept', facts: { because: 'drain_kept' } },
  ],
  ['a spare that fails is followed by another', seen({ spareOperation: op('failed', 'write_failed') }), { act: 'take_spare' }],
  [
    'but not for ever',
    seen({ spareOperation: op('failed', 'write_failed'), tried: MOST_SPARES }),
    { act: 'fail', code: 'spare_failed' },
  ],
  ['and not when a person cancelled it', seen({ spareOperation: op('cancelled') }), { act: 'fail', code: 'spare_failed' }],
  [
    'broken first: out',
    seen({ order: 'broken_first', state: 'taking_out', spareOperation: null, tried: 0 }),
    { act: 'take_out' },
  ],
  [
    'broken first: then in',
    seen(
      { order: 'broken_first', state: 'taking_out', spareOperation: null },
      { state: 'available', operation: op('succeeded') },
    ),
    { act: 'take_spare' },
  ],
  [
    'broken first: done when in',
    seen({ order: 'broken_first', spareOperation: op('succeeded') }, { state: 'available' }),
    { act: 'succeed' },
  ],
] as [string, SeenReplacement, object][])('%s', (_, situation, expected) => {
  expect(nextAct(situation)).toMatchObject(expected);
});

test('property: whatever is seen, the broken one is told to go only when nothing of ours runs and, spare first, a spare serves', () => {
  const states = ['running', 'succeeded', 'failed', 'cancelled'] as const;
  const operations = [null, ...states.map((state) => op(state))];
  for (const order of ['spare_first', 'broken_first'] as const)
    for (const spareOperation of operations)
      for (const operation of operations)
        for (const state of ['in_service', 'degraded', 'quarantined', 'releasing', 'available'])
          for (const busyWith of [null, 'op_9'])
            for (const stage of ['taking_in', 'taking_out'] as const) {
              // Taking out begins spare first only after the spare is in: what the store writes.
              if (order === 'spare_first' && stage === 'taking_out' && spareOperation?.state !== 'succeeded') continue;
              const { act } = nextAct(seen({ state: stage, order, spareOperation }, { state, operation, busyWith }));
              if (act !== 'take_out') continue;
              expect(operation).toBeNull();
              expect(busyWith).toBeNull();
              expect(['in_service', 'degraded']).toContain(state);
              if (order === 'spare_first') expect(spareOperation?.state).toBe('succeeded');
            }
});
