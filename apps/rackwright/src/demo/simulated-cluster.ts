// A simulated Kubernetes cluster for the virtual rack to join, with what it takes to put it on file.
import {
  startSimulatedKubernetes,
  type SimulatedKubernetes,
  type SimulatedKubernetesOptions,
} from '@rackwright/virtual-rack-app/kubernetes-api/start-simulated-kubernetes.ts';
import { bmcCertificate } from '@rackwright/virtual-rack-app/redfish/bmc-certificate.ts';
import type { ClusterToRegister } from './register-rack.ts';

const VERSION = 'v1.36.0';

export async function startSimulatedCluster(
  options: SimulatedKubernetesOptions = {},
): Promise<{ kubernetes: SimulatedKubernetes; toRegister: ClusterToRegister }> {
  const { key, cert } = bmcCertificate(['127.0.0.1', 'localhost']);
  const kubernetes = await startSimulatedKubernetes({ ...options, tls: { key, certificate: cert } });
  const credentials = kubeconfigOf(kubernetes.url, cert, kubernetes.adminToken);
  return { kubernetes, toRegister: { apiEndpoint: kubernetes.url, ca: cert, credentials, kubernetesVersion: VERSION } };
}

function kubeconfigOf(server: string, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'virtual',
    clusters: [{ name: 'virtual', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'rackwright', user: { token } }],
    contexts: [{ name: 'virtual', context: { cluster: 'virtual', user: 'rackwright' } }],
  });
}
