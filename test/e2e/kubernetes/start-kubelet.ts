// Lets the virtual rack's kubelet join whichever API server the contract is tried on.
import type { StartKubelet } from '@rackwright/testkit/kubernetes/contract/contract-cluster.ts';
import { simulatedKubelet } from '@rackwright/virtual-rack-app/kubernetes-api/simulated-kubelet.ts';

export const startKubelet: StartKubelet = ({ endpoint, bootstrapToken, nodeName, ipAddress, providerID }) => {
  const kubelet = simulatedKubelet({
    url: endpoint.server,
    ...(endpoint.caData === undefined ? {} : { caData: endpoint.caData }),
    bootstrapToken,
    nodeName,
    providerID,
    addresses: [
      { type: 'InternalIP', address: ipAddress },
      { type: 'Hostname', address: nodeName },
    ],
    heartbeatMs: 1_000,
    retryMs: 200,
  });
  return { hasServingCertificate: () => kubelet.disk.servingCertificate !== undefined, stop: kubelet.stop };
};
