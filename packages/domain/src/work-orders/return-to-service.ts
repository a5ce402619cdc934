// Where a repaired server may go: back into service only with the Node that waited for it.
import type { Assignment } from '../server.ts';
import { isServing, type ServerState } from '../server-lifecycle/table.ts';

/** @param cameFrom  the state it was taken out of for the repair */
export function returnsToService(
  assignment: Pick<Assignment, 'clusterId' | 'nodeUid'> | null,
  cameFrom: ServerState | undefined,
): boolean {
  if (assignment === null || !isServing(cameFrom ?? '')) return false;
  return assignment.clusterId === null || assignment.nodeUid !== null;
}
