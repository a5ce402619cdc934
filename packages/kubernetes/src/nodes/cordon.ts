// Cordons a node in the name of a job, so that only what we closed do we open again.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterApi } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import { changeNode } from './change-node.ts';
import { CORDONED_BY, CORDONED_SINCE } from './read-node.ts';

export function cordonMethods(connection: Connection, now: () => Date): Pick<ClusterApi, 'cordon' | 'uncordonIfOurs'> {
  return {
    async cordon(name, jobId) {
      const node = await changeNode(connection, name, `cordon node ${name}`, ({ metadata, spec }) => {
        const holder = metadata.annotations?.[CORDONED_BY];
        if (spec?.unschedulable && holder === jobId) return undefined;
        // Somebody cordoned it before us: it stays theirs, we only need it closed. The time is ours all the same.
        const ours = spec?.unschedulable && holder === undefined ? {} : { [CORDONED_BY]: jobId };
        const annotations = { ...ours, [CORDONED_SINCE]: now().toISOString() };
        return { metadata: { annotations }, spec: { unschedulable: true } };
      });
      if (node === undefined) throw new Refusal('node_unknown', { node: name });
    },

    async uncordonIfOurs(name, jobId) {
      const isOurs = (annotations: Record<string, string> | undefined) => annotations?.[CORDONED_BY] === jobId;
      const node = await changeNode(connection, name, `uncordon node ${name}`, ({ metadata }) => {
        if (!isOurs(metadata.annotations)) return undefined;
        const annotations = { [CORDONED_BY]: null, [CORDONED_SINCE]: null };
        return { metadata: { annotations }, spec: { unschedulable: false } };
      });
      return isOurs(node?.metadata.annotations);
    },
  };
}
