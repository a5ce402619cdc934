// DHCP, TFTP and a bare HTTP server in a process of their own, so that a test can put them into a network namespace. Orders come as JSON
// lines on stdin, events go out as JSON lines on stdout; the end of stdin is the end of the process.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { type BootEntry, memoryBootIndex } from '@rackwright/boot-app/boot-index.ts';
import type { BootNetwork } from '@rackwright/boot-app/boot-network.ts';
import { serveDhcp } from '@rackwright/boot-app/dhcp/serve-dhcp.ts';
import { serveTftp } from '@rackwright/boot-app/tftp/serve-tftp.ts';

export type BootServerOrder = {
  networks: BootNetwork[];
  localNetworkId: string;
  entries: BootEntry[];
  files: Record<string, string>;
  paths?: Record<string, string>;
  /** Sockets for DHCP that were bound for us, as the launcher left them. */
  sockets?: { fd: number; proxyFd: number };
};

const say = (line: object) => console.log(JSON.stringify(line));
const index = memoryBootIndex();
let networks: BootNetwork[] = [];
let files = new Map<string, Uint8Array>();
let servers: { close(): Promise<void> }[] = [];

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as BootServerOrder;
  networks = order.networks;
  index.replaceAll(order.entries);
  files = new Map(Object.entries(order.files).map(([name, text]) => [name, Buffer.from(text)]));
  for (const [name, path] of Object.entries(order.paths ?? {})) files.set(name, readFileSync(path));
  if (servers.length === 0) servers = await open(order);
  say({ ready: true });
}
await Promise.all(servers.map((server) => server.close()));

async function open({ localNetworkId, sockets }: BootServerOrder) {
  const onFault = (cause: unknown) => say({ fault: String(cause) });
  const common = { now: Date.now, onFault };
  const dhcp = await serveDhcp({
    ...common,
    listen: { address: '0.0.0.0', ...sockets },
    localNetworkId,
    networks: () => networks,
    index,
    onEvent: say,
  });
  const tftp = await serveTftp({
    ...common,
    listen: { address: '0.0.0.0' },
    resolve: (name) => files.get(name),
    onTransfer: say,
  });
  // What firmware and iPXE fetch over HTTP, and a script that does nothing: which script whom is the HTTP tests' business.
  const http = createServer((request, response) => {
    say({ kind: 'http', url: request.url, agent: request.headers['user-agent'] });
    const name = /^\/boot\/([^?]*)/.exec(request.url ?? '')?.[1] ?? '';
    const body = name === 'script.ipxe' ? Buffer.from('#!ipxe\necho reached\nsleep 600\n') : files.get(name);
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/octet-stream', 'content-length': body?.length ?? 0 });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => http.listen(8081, '0.0.0.0', resolve));
  const closeHttp = async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  return [dhcp, tftp, { close: closeHttp }];
}
