// The program that makes an installed machine a node: fetch Kubernetes' binaries, prove them, start the kubelet.
import { BINARIES_FOLDER } from '../kubernetes/node-paths.ts';

export type NodeArtifact = {
  /** Its name in the artifact store: `kubelet-v1.20.2-amd64`. */
  name: string;
  /** Lower-case hex. */
  sha256: string;
  /** The program's name on the node: `kubelet`. */
  program: string;
};

/** Runs as root under cloud-init's runcmd; may be run again by hand. Every failure is named on the console and told to the boot app. */
export function joinScript({ bootUrl, artifacts }: { bootUrl: string; artifacts: readonly NodeArtifact[] }): string {
  const fetches = artifacts.map(
    ({ name, sha256, program }) => `install_program ${shellQuoted(name)} ${shellQuoted(sha256)} ${BINARIES_FOLDER}/${program}`,
  );
  return `#!/bin/sh
# Written by Rackwright: makes this machine a Kubernetes node. May be run again.
set -u
boot=${bootUrl}

say() {
  echo "rackwright: $*" >&2
  echo "rackwright: $*" >/dev/console 2>/dev/null || true
}

report() {
  curl --silent --show-error --max-time 20 --retry 5 --retry-all-errors -o /dev/null \\
    --data-urlencode "instance_id=$(cat /var/lib/cloud/data/instance-id)" \\
    --data-urlencode "hostname=$(hostname)" \\
    --data-urlencode "outcome=$1" --data-urlencode "code=$2" --data-urlencode "detail=$3" \\
    "$boot/nocloud/phone-home" || say "cannot reach $boot to report"
}

fail() {
  say "FAILED $1: $2"
  report failed "$1" "$2"
  exit 1
}

is_genuine() {
  [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]
}

# Nothing is made executable, and nothing takes its place, before its checksum is right.
install_program() {
  name=$1 sha256=$2 path=$3
  is_genuine "$path" "$sha256" && return
  say "fetching $name"
  rm -f "$path.part"
  curl --fail --silent --show-error --connect-timeout 10 --max-time 900 --retry 20 --retry-delay 3 --retry-all-errors \\
    -o "$path.part" "$boot/artifacts/$name" || fail artifact_unreachable "$boot/artifacts/$name"
  is_genuine "$path.part" "$sha256" || {
    got=$(sha256sum <"$path.part" | cut -d' ' -f1)
    rm -f "$path.part"
    fail artifact_checksum_mismatch "$name is $got, wanted $sha256"
  }
  chmod 0755 "$path.part"
  mv -f "$path.part" "$path"
}

swapoff -a
sed -i '/[[:space:]]swap[[:space:]]/d' /etc/fstab
for module in overlay br_netfilter; do
  modprobe "$module" || fail kernel_module_missing "$module"
done
sysctl --system >/dev/null || say 'WARNING: sysctl --system reports errors'
${fetches.join('\n')}
systemctl daemon-reload
systemctl enable --now containerd || fail containerd_not_started "$(systemctl is-active containerd)"
systemctl enable kubelet || fail kubelet_not_enabled "see systemctl status kubelet"
systemctl restart kubelet || fail kubelet_not_started "$(systemctl is-active kubelet)"
say 'kubelet started'
report kubelet_started '' ''
`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
