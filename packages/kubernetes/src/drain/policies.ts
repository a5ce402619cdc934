// What may be lost when a node is emptied to be erased: the drain itself and a plan of it go by the same words.
import type { DrainPolicy } from '../cluster-api.ts';

/** What local storage and unmanaged pods lose, they lose: the disks are erased next. */
export const EVERYTHING_GOES = { localStorage: 'evict', unmanaged: 'evict' } as const satisfies DrainPolicy;
