// What a replacement does next, seen from where its two servers are: asked again whenever something may have changed.
import type { Facts } from '../errors.ts';
import { isServing } from '../server-lifecycle/table.ts';

export const REPLACEMENT_STATES = ['taking_in', 'taking_out', 'succeeded', 'failed', 'cancelled'] as const;
export type ReplacementState = (typeof REPLACEMENT_STATES)[number];

/** `broken_first` where it is dead anyway, or must go before another one may come. */
export const REPLACEMENT_ORDERS = ['spare_first', 'broken_first'] as const;
export type ReplacementOrder = (typeof REPLACEMENT_ORDERS)[number];

/** `release`: erased, and available again. `repair`: isolated with its disks as they are, and a work order for it. */
export const TAKES_OUT_BY = ['release', 'repair'] as const;
export type TakesOutBy = (typeof TAKES_OUT_BY)[number];

export type OperationSeen = { id: string; state: 'running' | 'succeeded' | 'failed' | 'cancelled'; errorCode: string | null };

export type SeenReplacement = {
  state: 'taking_in' | 'taking_out';
  order: ReplacementOrder;
  /** How many spares were taken, the current one included. */
  tried: number;
  /** The operation that installs the current spare; null before the first. */
  spareOperation: OperationSeen | null;
  broken: {
    state: string;
    /** Another operation than ours that runs on it. */
    busyWith: string | null;
    /** Ours, that takes it out. */
    operation: OperationSeen | null;
  };
};

export type ReplacementWait = 'spare_provisioning' | 'broken_leaving' | 'broken_busy';
export type NextAct =
  | { act: 'wait'; code: ReplacementWait; facts: Facts; unblockedBy: string }
  | { act: 'take_spare' }
  | { act: 'take_out' }
  | { act: 'succeed' }
  | { act: 'fail'; code: 'spare_failed' | 'broken_kept'; facts: Facts };

/** A spare that fails may be the next broken one; three in a row are no accident. */
export const MOST_SPARES = 3;

export function nextAct(seen: SeenReplacement): NextAct {
  return seen.state === 'taking_in' ? takeIn(seen) : takeOut(seen);
}

function takeIn(seen: SeenReplacement): NextAct {
  const { spareOperation: operation, tried, order } = seen;
  if (!operation) return { act: 'take_spare' };
  switch (operation.state) {
    case 'running':
      return waiting('spare_provisioning', operation.id, 'the operation on the spare ending');
    case 'succeeded':
      return order === 'spare_first' ? takeOut(seen) : { act: 'succeed' };
    case 'failed':
    case 'cancelled':
      // A person who cancels it means it.
      if (operation.state === 'failed' && tried < MOST_SPARES) return { act: 'take_spare' };
      return { act: 'fail', code: 'spare_failed', facts: { operationId: operation.id, because: operation.errorCode, tried } };
  }
}

function takeOut({ broken, order }: SeenReplacement): NextAct {
  const { operation, busyWith, state } = broken;
  if (operation?.state === 'running') return waiting('broken_leaving', operation.id, 'the operation on the broken server ending');
  if (busyWith !== null) return waiting('broken_busy', busyWith, 'the operation that runs on the broken server ending');
  if (!isServing(state)) return order === 'spare_first' ? { act: 'succeed' } : { act: 'take_spare' };
  if (!operation) return { act: 'take_out' };
  return { act: 'fail', code: 'broken_kept', facts: { operationId: operation.id, because: operation.errorCode } };
}

function waiting(code: ReplacementWait, operationId: string, unblockedBy: string): NextAct {
  return { act: 'wait', code, facts: { operationId }, unblockedBy };
}
