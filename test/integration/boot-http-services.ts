// The boot app's three servers on free loopback ports, over a world in memory, for one network of simulated servers.
import { type BootNetwork, DEFAULT_BOOT_FILES } from '@rackwright/boot-app/boot-network.ts';
import { serveDhcp } from '@rackwright/boot-app/dhcp/serve-dhcp.ts';
import { startBootHttp } from '@rackwright/boot-app/http/start-boot-http.ts';
import { serveTftp } from '@rackwright/boot-app/tftp/serve-tftp.ts';
import type { BootWorld } from './boot-http-world.ts';

export type BootServices = Awaited<ReturnType<typeof startBootServices>>;

export async function startBootServices(world: BootWorld, subnet = '127.77.0.0/16') {
  const faults: unknown[] = [];
  const tftpFiles: string[] = [];
  const loader = new Uint8Array(200_000).fill(7);
  const loaders = Object.values(DEFAULT_BOOT_FILES);
  world.file('boot', 'agent.kernel', 'a kernel');
  world.file('boot', 'agent.img', 'a ramdisk');
  for (const name of loaders) world.file('boot', name, loader);

  const http = await startBootHttp({ host: '127.0.0.1', port: 0, needs: world.needs });
  const tftp = await serveTftp({
    listen: { address: '127.0.0.1', port: 0 },
    resolve: (name) => (loaders.includes(name) ? loader : undefined),
    now: () => Date.now(),
    onTransfer: ({ file, outcome }) => void tftpFiles.push(`${file} ${outcome}`),
    onFault: (cause) => faults.push(cause),
  });
  const network: BootNetwork = {
    networkId: 'net_1',
    mode: 'authoritative',
    subnet,
    serverAddress: '127.0.0.1',
    dnsServers: [],
    ntpServers: [],
    leaseSeconds: 3600,
    unknownServers: 'ignore',
    bootUrl: `http://127.0.0.1:${http.port}`,
    bootFiles: DEFAULT_BOOT_FILES,
  };
  const dhcp = await serveDhcp({
    listen: { address: '127.0.0.1' },
    ports: { server: 0, proxy: 0 },
    localNetworkId: undefined,
    networks: () => [network],
    index: world.index,
    now: () => Date.now(),
    onEvent: () => undefined,
    onFault: (cause) => faults.push(cause),
  });
  return {
    faults,
    tftpFiles,
    dhcp: { address: '127.0.0.1', port: dhcp.ports.server },
    dhcpCounts: dhcp.counts,
    tftpPort: tftp.port,
    httpPort: http.port,
    async close() {
      await dhcp.close();
      await tftp.close();
      await http.close();
    },
  };
}
