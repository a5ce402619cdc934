// `npm run e2e:qemu`: the real thing alone. Firmware, DHCP, agent, disk image, kubelet, API server; then all the way back. Prints timings.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { apiClient } from '@rackwright/rackwright-app/client/api-client.ts';
import { startRackwright } from '../test/e2e/rackwright-process.ts';
import { startRealRack } from '../test/e2e/qemu/real-rack.ts';
import { operate, putOnFile, readsAsZero, runPod, timingTable, type Timing, NODE } from '../test/e2e/qemu/whole-life.ts';

const cache = process.env['RACKWRIGHT_CACHE'] ?? join(process.env['HOME'] ?? '/root', '.cache/rackwright');
const ROOT = join(import.meta.dirname, '..');
const firmwareMode = process.argv.includes('--bios') ? 'bios' : 'uefi';
const began = performance.now();
const tell = (line: string): void => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);

/** Builds it, or finds it built: the script's last line is where it is. */
function built(script: string): string {
  const said = execFileSync('bash', [join(ROOT, script)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return said.trim().split('\n').at(-1) ?? '';
}

const folder = mkdtempSync('/tmp/rwq-');
tell(`logs in ${folder} (kept when it fails)`);
const rack = await startRealRack(folder, firmwareMode);
tell(`rack network, BMC and control plane ${rack.controlPlane.url} are up`);
const token = 'e2e-token-of-one-run';
let rackwright: Awaited<ReturnType<typeof startRackwright>> | undefined;
const tidyUp = async (): Promise<void> => {
  await rackwright?.stop();
  await rack.close();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void tidyUp().then(() => process.exit(1)));
try {
  rackwright = await startRackwright({
    inside: rack.network.inside,
    host: rack.management.inside,
    httpPort: 8080,
    logFile: join(folder, 'rackwright.log'),
    env: {
      RACKWRIGHT_DATA: join(folder, 'data'),
      RACKWRIGHT_API_TOKEN: token,
      RACKWRIGHT_VIRTUAL_SERVERS: '0',
      RACKWRIGHT_BOOT_ADDRESS: rack.network.address,
      RACKWRIGHT_DHCP_PORT: '67',
      RACKWRIGHT_TFTP_PORT: '69',
      RACKWRIGHT_BOOT_HTTP_PORT: '8081',
      RACKWRIGHT_IPXE_DIR: built('packages/install-agent/fetch-ipxe.sh'),
      RACKWRIGHT_AGENT_DIR: built('packages/install-agent/build-ramdisk.sh'),
      RACKWRIGHT_KERNEL_ARGUMENTS: 'console=ttyS0',
      RACKWRIGHT_LOG: 'info',
    },
  });
  tell(`Rackwright answers at ${rackwright.url}`);
  await life(apiClient(rackwright.url, token));
} catch (thrown) {
  await tidyUp();
  throw thrown;
}
await tidyUp();
await rm(folder, { recursive: true, force: true });

async function life(api: ReturnType<typeof apiClient>): Promise<void> {
  const files = { image: built('scripts/node-image/build-node-image.sh'), kubelet: join(cache, 'kubernetes-1.20.2/kubelet') };
  const { serverId, clusterId, imageDigest } = await putOnFile(api, rack, files, firmwareMode);
  tell(`on file: ${serverId}, image ${imageDigest.slice(0, 19)}`);
  const timings: Timing[] = [];
  timings.push(...(await operate(api, serverId, { type: 'onboard' }, tell)));
  timings.push(...(await operate(api, serverId, { type: 'provision', params: { imageDigest, clusterId } }, tell)));

  const node = JSON.parse(await rack.kubectl('get', 'node', NODE, '-o', 'json'));
  const labels = node.metadata.labels;
  const ready = node.status.conditions.find((c: { type: string }) => c.type === 'Ready').status;
  tell(`node ${NODE}: Ready=${ready}, rack ${labels['rackwright.dev/rack']}, kubelet ${node.status.nodeInfo.kubeletVersion}`);
  expect(
    ready === 'True' && labels['topology.kubernetes.io/region'] === 'tpe1' && labels['rackwright.dev/power-feed'] === 'a',
    'node is Ready with our labels',
  );
  const tokens = await rack.kubectl(
    'get',
    'secrets',
    '-n',
    'kube-system',
    '--field-selector',
    'type=bootstrap.kubernetes.io/token',
    '-o',
    'name',
  );
  expect(tokens.trim() === '', 'its bootstrap token is deleted');
  await runPod(rack, process.env['RACKWRIGHT_PAUSE_IMAGE'] ?? 'localhost/rackwright/pause:1');
  tell('a pod runs on it');

  timings.push(...(await operate(api, serverId, { type: 'release' }, tell)));
  expect((await rack.kubectl('get', 'pods', '-A', '-o', 'name')).trim() === '', 'the pod was evicted');
  expect((await rack.kubectl('get', 'nodes', '-o', 'name')).trim() === '', 'the Node object is gone');
  expect(rack.machine.chassis.power() === 'off' && !rack.machine.server.running(), 'power is off');
  expect(await readsAsZero(rack.diskPath), 'the disk reads as erased');
  const server = await api.get<{ state: string }>(`/v1/servers/${serverId}`);
  expect(server.state === 'available', 'the server is available again');
  console.log(`\n${timingTable(timings)}\n`);
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
  tell(`ok: ${what}`);
}
