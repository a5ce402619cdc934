// Where the simulated BMCs listened at an earlier start: an operation that was under way then looks for them there and nowhere else.
import type { ApiClient } from '../client/api-client.ts';

export type BmcSeen = { protocol: string; address: string; port?: number };
type Listed = { items: { name: string; bmc: BmcSeen | null }[] };

const MOST = 500;
const SERVERS_PER_RACK = 40;

/** @returns the port by the server's number from 0; 0, any free one, for those that are new */
export async function earlierBmcPorts(api: ApiClient): Promise<(server: number) => number> {
  const { items } = await api.get<Listed>(`/v1/servers?limit=${MOST}`);
  const ports = new Map(items.map(({ name, bmc }) => [name, bmc === null ? 0 : portOf(bmc)]));
  return (server) => ports.get(nameOf(server)) ?? 0;
}

function portOf({ address, port }: BmcSeen): number {
  return port ?? Number(URL.parse(address)?.port ?? 0);
}

/** As the virtual rack names them. */
function nameOf(server: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `r${two(Math.floor(server / SERVERS_PER_RACK) + 1)}-u${two((server % SERVERS_PER_RACK) + 1)}`;
}
