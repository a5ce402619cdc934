// What a plan looks at: the server as it is on file, and as much of the rest of the world as an operation on it depends on.
import type { InspectedDisk } from '../hardware/inspection.ts';
import type { ClusterId, OperationId, RackId, ServerId } from '../ids.ts';
import type { Asked } from '../server-lifecycle/missing-for.ts';
import type { WorkflowName } from '../server-lifecycle/table.ts';
import type { ClusterSight } from './cluster-sight.ts';

export type PlanSubject = Asked & {
  id: ServerId;
  name: string;
  version: number;
  rackId: RackId | null;
  rackName: string | null;
  /** Names of the feeds of its rack. */
  powerFeeds: readonly string[];
  /** The accepted inspection; `digest` changes when anything of it does. */
  hardware: { digest: string; disks: readonly InspectedDisk[] } | null;
  assignment: {
    clusterId: ClusterId | null;
    nodeName: string;
    nodeUid: string | null;
    imageDigest: string;
    rootDiskSerial: string;
  } | null;
  /** The operation that holds it: running, or with a lease that has not run out. */
  holder: { operationId: OperationId; type: string } | null;
};

export type PlanCluster = { id: ClusterId; name: string; hasCredentials: boolean; sight: ClusterSight };

/** Median of what was measured on this site. */
export type MeasuredDuration = { seconds: number; samples: number };
export type History = { whole: MeasuredDuration | null; steps: ReadonlyMap<string, number> };

export type PlanWorld = {
  /** Bytes by digest. */
  images: ReadonlyMap<string, number>;
  clusters: ReadonlyMap<ClusterId, PlanCluster>;
  /** Who has which node name on file, by `nodeKey`. */
  nodeNames: ReadonlyMap<string, { serverId: ServerId; server: string }>;
  history: ReadonlyMap<WorkflowName, History>;
  /** Servers that serve as nodes now, by `rack <id>` and `cluster <id>`. */
  serving: ReadonlyMap<string, number>;
};

export const nodeKey = (clusterId: ClusterId, nodeName: string): string => `${clusterId}/${nodeName}`;

/** What an item of a plan was made from: any difference makes the plan stale. */
export type PlanBasis = { state: string; version: number; allocation: string; hardware: string; operation: string };

export function basisOf({ state, version, assignment, hardware, holder }: PlanSubject): PlanBasis {
  const { clusterId, nodeName, nodeUid } = assignment ?? {};
  return {
    state,
    version,
    allocation: assignment ? `node ${nodeName} of ${clusterId ?? 'no cluster'}, uid ${nodeUid ?? 'none'}` : 'none',
    hardware: hardware?.digest ?? 'never accepted',
    operation: holder?.operationId ?? 'none',
  };
}
