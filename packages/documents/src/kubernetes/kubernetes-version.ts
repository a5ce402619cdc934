// Kubernetes versions as values: what a node's files look like depends on the minor version.

export type KubernetesVersion = { major: number; minor: number; patch: number };

/** `v1.20.2` or `1.36.4`; undefined for anything else (pre-releases and build suffixes are not installed on nodes). */
export function parseKubernetesVersion(text: string): KubernetesVersion | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (!match) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

export function isAtLeast(version: KubernetesVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
