// Finds real Kubernetes programs: where setup-envtest puts them, where our own build script does, else on the PATH.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export type KubernetesProgram = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kubectl' | 'kubelet' | 'etcd';

export const HOW_TO_GET_KUBERNETES = 'kube-apiserver: scripts/kubernetes/build-from-debian.sh, or KUBEBUILDER_ASSETS';

/** The path of the program, or undefined. `folder` is asked first. */
export function findKubernetesProgram(name: KubernetesProgram, folder?: string): string | undefined {
  const folders = [
    folder,
    process.env['KUBEBUILDER_ASSETS'],
    process.env['RACKWRIGHT_KUBERNETES'],
    join(homedir(), '.cache/rackwright/kubernetes-1.20.2'),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return folders.flatMap((place) => (place ? [join(place, name)] : [])).find((path) => existsSync(path));
}

/** All that `startRealControlPlane` needs is here. (The controller manager is used where there is one: envtest has none.) */
export function hasRealControlPlane(): boolean {
  return (['kube-apiserver', 'kubectl', 'etcd'] as const).every((name) => findKubernetesProgram(name) !== undefined);
}
