// Cordons a node in the name of a job, so that only what we closed do we open again.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterApi } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import type { NodeObject } from '../http/objects.ts';
import { nodePath } from './nodes.ts';
import { CORDONED_BY, CORDONED_SINCE } from './read-node.ts';

export function cordonMethods(connection: Connection, now: () => Date): Pick<ClusterApi, 'cordon' | 'uncordonIfOurs'> {
  return {
    async cordon(name, jobId) {
      const doing = `cordon node ${name}`;
      const node = await connection.find<NodeObject>({ method: 'GET', path: nodePath(name), doing });
      if (node === undefined) throw new Refusal('node_unknown', { node: name });
      const holder = node.metadata.annotations?.[CORDONED_BY];
      if (node.spec?.unschedulable && holder === jobId) return;
      // Somebody cordoned it before us: it stays theirs, we only need it closed. The time is ours all the same.
      const ours = node.spec?.unschedulable && holder === undefined ? {} : { [CORDONED_BY]: jobId };
      const annotations = { ...ours, [CORDONED_SINCE]: now().toISOString() };
      const resourceVersion = node.metadata.resourceVersion;
      const body = { metadata: { resourceVersion, annotations }, spec: { unschedulable: true } };
      await connection.call({ method: 'PATCH', path: nodePath(name), body, doing });
    },

    async uncordonIfOurs(name, jobId) {
      const doing = `uncordon node ${name}`;
      const node = await connection.find<NodeObject>({ method: 'GET', path: nodePath(name), doing });
      if (node?.metadata.annotations?.[CORDONED_BY] !== jobId) return false;
      const annotations = { [CORDONED_BY]: null, [CORDONED_SINCE]: null };
      const body = {
        metadata: { resourceVersion: node.metadata.resourceVersion, annotations },
        spec: { unschedulable: false },
      };
      await connection.call({ method: 'PATCH', path: nodePath(name), body, doing });
      return true;
    },
  };
}
