// Where a node keeps Kubernetes' files. The image (scripts/node-image) and containerd's configuration agree with these.

export const CA_PATH = '/etc/kubernetes/pki/ca.crt';
export const BOOTSTRAP_KUBECONFIG_PATH = '/etc/kubernetes/bootstrap-kubeconfig';
export const KUBELET_KUBECONFIG_PATH = '/etc/kubernetes/kubelet.conf';
export const KUBELET_CONFIG_PATH = '/var/lib/kubelet/config.yaml';
export const KUBELET_UNIT_PATH = '/etc/systemd/system/kubelet.service';
export const CNI_CONFIG_PATH = '/etc/cni/net.d/10-rackwright.conflist';
export const BINARIES_FOLDER = '/usr/local/bin';
export const CONTAINERD_SOCKET = 'unix:///run/containerd/containerd.sock';
