// Read a node, decide, write with the version that was read; again when somebody else wrote in between.
import type { Connection } from '../http/connection.ts';
import { failureFault } from '../http/faults.ts';
import type { NodeObject } from '../http/objects.ts';

const ATTEMPTS = 5;

export function nodePath(name: string): string {
  return `/api/v1/nodes/${encodeURIComponent(name)}`;
}

export type NodePatch = { metadata?: object; spec?: object };

/**
 * `change` gives the merge patch, or undefined when the node is as it should be. Controllers write to a young node
 * several times a second, so a conflict is ordinary. Returns the node as it was read, or undefined when there is none.
 */
export async function changeNode(
  connection: Connection,
  name: string,
  doing: string,
  change: (node: NodeObject) => NodePatch | undefined,
): Promise<NodeObject | undefined> {
  for (let attempt = 1; ; attempt++) {
    const node = await connection.find<NodeObject>({ method: 'GET', path: nodePath(name), doing });
    const patch = node && change(node);
    if (node === undefined || patch === undefined) return node;
    const metadata = { ...patch.metadata, resourceVersion: node.metadata.resourceVersion };
    const body = { ...patch, metadata };
    const answer = await connection.ask({ method: 'PATCH', path: nodePath(name), body, doing });
    if (answer.ok) return node;
    if (answer.failure.status === 404) return undefined;
    if (answer.failure.status !== 409 || attempt === ATTEMPTS) throw failureFault(answer.failure, doing);
  }
}
