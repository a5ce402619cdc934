// Nodes: read, watch, label, taint, delete.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterApi, NodeChange } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import { failureFault } from '../http/faults.ts';
import { listAll } from '../http/list-all.ts';
import type { NodeObject, TaintObject } from '../http/objects.ts';
import { type Watched, watchCollection } from '../http/watch.ts';
import { changeNode, nodePath } from './change-node.ts';
import { withoutTaints, withTaints } from './merge-taints.ts';
import { readNode } from './read-node.ts';

const NODES = '/api/v1/nodes';

type NodeMethods = Pick<
  ClusterApi,
  'node' | 'nodes' | 'watchNodes' | 'ensureNodeLabels' | 'ensureNodeTaints' | 'removeNodeTaints' | 'deleteNode'
>;

/** `closing` ends the watches. */
export function nodeMethods(connection: Connection, closing: AbortSignal): NodeMethods {
  const find = (name: string, doing: string) => connection.find<NodeObject>({ method: 'GET', path: nodePath(name), doing });

  return {
    async node(name) {
      const found = await find(name, `read node ${name}`);
      return found && readNode(found);
    },

    async nodes() {
      return (await listAll(connection, NODES, {}, 'list nodes', readNode)).items;
    },

    watchNodes(onChange) {
      const stopping = new AbortController();
      const signal = AbortSignal.any([closing, stopping.signal]);
      const onEvent = (event: Watched<NodeObject>) => onChange(readChange(event));
      // A node that cannot be read, or a consumer that throws, ends this watch and not the process.
      void watchCollection<NodeObject>({ connection, path: NODES, doing: 'watch nodes', onEvent, signal })
        .catch((cause: unknown) => onChange({ kind: 'lost', why: String(cause) }))
        .catch(() => undefined);
      return () => stopping.abort();
    },

    async ensureNodeLabels(name, labels, taints = []) {
      const doing = `label node ${name}`;
      await connection.find({ method: 'PATCH', path: nodePath(name), body: { metadata: { labels } }, doing }).then((patched) => {
        if (patched === undefined) throw new Refusal('node_unknown', { node: name });
      });
      if (taints.length > 0) await changeTaints(connection, name, (present) => withTaints(present, taints));
    },

    async ensureNodeTaints(name, taints) {
      await changeTaints(connection, name, (present) => withTaints(present, taints));
    },

    async removeNodeTaints(name, taints) {
      await changeTaints(connection, name, (present) => withoutTaints(present, taints));
    },

    async deleteNode(name, uid) {
      const doing = `delete node ${name}`;
      const body = { preconditions: { uid } };
      const answer = await connection.ask({ method: 'DELETE', path: nodePath(name), body, doing });
      if (answer.ok || answer.failure.status === 404) return;
      if (answer.failure.status !== 409) throw failureFault(answer.failure, doing);
      // 409 is also what a write at the same moment gives: only another uid is another node.
      const now = await find(name, doing);
      if (now && now.metadata.uid !== uid) throw new Refusal('node_replaced', { node: name, uid, now: now.metadata.uid });
      if (now) throw failureFault(answer.failure, doing);
    },
  };
}

function readChange(event: Watched<NodeObject>): NodeChange {
  switch (event.kind) {
    case 'listed':
      return { kind: 'listed', nodes: event.objects.map(readNode) };
    case 'changed':
      return { kind: 'changed', node: readNode(event.object) };
    case 'removed':
      return { kind: 'removed', name: event.object.metadata.name, uid: event.object.metadata.uid };
    case 'lost':
      return event;
  }
}

async function changeTaints(
  connection: Connection,
  name: string,
  change: (present: TaintObject[]) => TaintObject[] | undefined,
): Promise<void> {
  await changeNode(connection, name, `taint node ${name}`, (node) => {
    const taints = change(node.spec?.taints ?? []);
    return taints && { spec: { taints } };
  });
}
