// What the caller of *provision* asks for.
import type { ClusterId } from '@rackwright/domain/ids.ts';

export type ProvisionParams = {
  imageDigest: string;
  /** Absent: a host without a cluster. */
  clusterId?: ClusterId;
  /** The server's own name unless told. */
  nodeName?: string;
  /** Overrules the policy of choose-root-disk. */
  rootDiskSerial?: string;
  /** Added to ours (site, rack, power feed). */
  nodeLabels?: Record<string, string>;
};
