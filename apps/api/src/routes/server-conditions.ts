// A filter of servers as the store takes it, or where it is wrong.
import type { FilterCondition } from '@rackwright/api-contract/filter/parse-filter.ts';
import { parseServerFilter } from '@rackwright/api-contract/filter/server-filter.ts';
import { RequestInvalid } from '../http/request-invalid.ts';

/** Throws RequestInvalid `invalid_filter` at `pointer`. */
export function conditionsOf(filter: string, pointer = '/query/filter'): FilterCondition[] {
  const parsed = parseServerFilter(filter);
  if (parsed.ok) return parsed.conditions;
  const { problem, ...fault } = parsed.fault;
  throw new RequestInvalid([{ pointer, message: problem, ...fault }], 'invalid_filter');
}
