// Whether what a cluster says of a Node is from the boot that we caused, or what it remembers of the time before.
import { minutes } from '@rackwright/domain/durations.ts';

/** An API server calls a silent node Ready for 40 seconds; only then does its word count where a boot cannot be told from another. */
const NODE_GRACE = minutes(1);

/**
 * @param bootId  of the Node now (status.nodeInfo.bootID)
 * @param before  the boot before it was switched on; null or empty where nobody could tell
 * @param onAt  when it was switched on; milliseconds
 */
export function toldSinceBoot(bootId: string | undefined, before: string | null, onAt: number, now: number): boolean {
  return before === null || before === '' ? now >= onAt + NODE_GRACE : bootId !== before;
}
