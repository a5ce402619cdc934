// Ids for rows that the store makes itself; what the API creates comes with the API's id.
import { randomBytes } from 'node:crypto';
import { type Id, type IdKind, makeId } from '@rackwright/domain/ids.ts';

export function newId<K extends IdKind>(kind: K): Id<K> {
  return makeId(kind, Date.now(), randomBytes(10));
}
