// Which volumes still hang on a node that is being emptied: those of pods that a drain leaves there are not waited for.
import type { AttachedVolume, ClusterApi } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import { listAll } from '../http/list-all.ts';
import type { NodeObject, PodObject, VolumeAttachmentObject, VolumeObject } from '../http/objects.ts';
import { shareNext } from '@rackwright/domain/share-next.ts';
import { nodePath } from '../nodes/change-node.ts';

const ATTACHMENTS = '/apis/storage.k8s.io/v1/volumeattachments';

export function volumeMethods(connection: Connection): Pick<ClusterApi, 'attachedVolumes'> {
  // Hundreds of nodes that are emptied at once each look for theirs.
  const attachmentsByNode = shareNext(() => listAttachments(connection));
  return {
    async attachedVolumes(nodeName): Promise<AttachedVolume[]> {
      const doing = `look for volumes attached to ${nodeName}`;
      const node = await connection.find<NodeObject>({ method: 'GET', path: nodePath(nodeName), doing });
      const attachments = (await attachmentsByNode()).get(nodeName) ?? [];
      const reported = (node?.status?.volumesAttached ?? []).map(({ name }) => name);
      if (attachments.length + reported.length === 0) return [];

      const volumes = await volumesOf(connection, attachments, doing);
      const kept = await claimsThatStay(connection, nodeName, doing);
      const attached = attachments.flatMap((attachment): AttachedVolume[] => {
        const { name, volumeName, since } = attachment;
        const claim = claimOf(volumes.get(volumeName ?? ''));
        if (claim !== null && kept.has(claim)) return [];
        return [{ volume: volumeName ?? name, claim, since }];
      });
      // The kubelet names them by driver and handle. Those that an attachment stands for are told of already, or stay.
      const known = new Set([...volumes.values()].map(uniqueName));
      const others = reported.filter((name) => !known.has(name)).map((volume) => ({ volume, claim: null, since: null }));
      return [...attached, ...others];
    },
  };
}

type Attachment = { name: string; volumeName: string | undefined; since: string | null };

/** They can be selected by name only, so all are read, a page at a time. */
async function listAttachments(connection: Connection): Promise<Map<string, Attachment[]>> {
  const keep = ({ metadata, spec }: VolumeAttachmentObject) => {
    const volumeName = spec.source?.persistentVolumeName;
    return { nodeName: spec.nodeName, name: metadata.name, volumeName, since: metadata.creationTimestamp ?? null };
  };
  const { items } = await listAll(connection, ATTACHMENTS, {}, 'list volume attachments', keep);
  return Map.groupBy(items, ({ nodeName }) => nodeName);
}

async function volumesOf(
  connection: Connection,
  attachments: readonly Attachment[],
  doing: string,
): Promise<Map<string, VolumeObject>> {
  const volumes = new Map<string, VolumeObject>();
  for (const name of new Set(attachments.flatMap(({ volumeName }) => volumeName ?? []))) {
    const path = `/api/v1/persistentvolumes/${encodeURIComponent(name)}`;
    const found = await connection.find<VolumeObject>({ method: 'GET', path, doing });
    if (found) volumes.set(name, found);
  }
  return volumes;
}

/** Pods are still on the node when its drain is done: DaemonSets', the kubelet's own, those that were asked to be skipped. */
async function claimsThatStay(connection: Connection, nodeName: string, doing: string): Promise<Set<string>> {
  const selector = { fieldSelector: `spec.nodeName=${nodeName}` };
  const claims = ({ metadata, spec }: PodObject): string[] =>
    (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
      persistentVolumeClaim ? [`${metadata.namespace ?? 'default'}/${persistentVolumeClaim.claimName}`] : [],
    );
  const listed = await listAll<PodObject, string[]>(connection, '/api/v1/pods', selector, doing, claims);
  return new Set(listed.items.flat());
}

function claimOf(volume: VolumeObject | undefined): string | null {
  const claim = volume?.spec?.claimRef;
  return claim ? `${claim.namespace}/${claim.name}` : null;
}

/** As the attach-detach controller writes it for CSI (kubernetes pkg/volume/csi, `kubernetes.io/csi/<driver>^<handle>`). */
function uniqueName({ spec }: VolumeObject): string {
  return spec?.csi ? `kubernetes.io/csi/${spec.csi.driver}^${spec.csi.volumeHandle}` : '';
}
