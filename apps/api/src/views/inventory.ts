// Sites, racks, networks, images, artifacts and clusters as the API shows them.
import type { ClusterView } from '@rackwright/api-contract/resources/cluster.ts';
import type { EnclosureView } from '@rackwright/api-contract/resources/enclosure.ts';
import type { HardwareModelView } from '@rackwright/api-contract/resources/hardware.ts';
import type { ArtifactView, ImageView } from '@rackwright/api-contract/resources/image.ts';
import type { NetworkView } from '@rackwright/api-contract/resources/network.ts';
import type { RackView } from '@rackwright/api-contract/resources/rack.ts';
import type { SiteView } from '@rackwright/api-contract/resources/site.ts';
import type {
  ArtifactRecord,
  ClusterRecord,
  EnclosureRecord,
  HardwareModelRecord,
  ImageRecord,
  NetworkRecord,
  RackRecord,
  SiteRecord,
} from '../records.ts';

export const viewSite = (site: SiteRecord): SiteView => ({ kind: 'site', ...site });

export function viewRack({ powerFeeds, switches, ...rack }: RackRecord): RackView {
  return {
    kind: 'rack',
    ...rack,
    powerFeeds: Object.fromEntries(powerFeeds.map(({ name, ...feed }) => [name, feed])),
    topOfRackSwitches: Object.fromEntries(switches.map(({ name, managementAddress }) => [name, { managementAddress }])),
  };
}

export const viewEnclosure = (enclosure: EnclosureRecord): EnclosureView => ({ kind: 'enclosure', ...enclosure });

export function viewNetwork({ poolFirst, poolLast, ...network }: NetworkRecord): NetworkView {
  const pool = poolFirst === null || poolLast === null ? null : { first: poolFirst, last: poolLast };
  return { kind: 'network', ...network, pool };
}

export const viewImage = (image: ImageRecord): ImageView => ({ kind: 'image', ...image });
export const viewArtifact = (artifact: ArtifactRecord): ArtifactView => ({ kind: 'artifact', ...artifact });
export const viewCluster = (cluster: ClusterRecord): ClusterView => ({ kind: 'cluster', ...cluster });
export const viewHardwareModel = (model: HardwareModelRecord): HardwareModelView => ({ kind: 'hardware_model', ...model });
