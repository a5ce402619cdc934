// The simulated BMCs of bench:bmc, in a process of their own so that their CPU is not counted as ours.
import { startVirtualRack } from '@rackwright/virtual-rack-app/virtual-rack.ts';

const boot = { dhcp: { address: '127.0.0.1', port: 67 }, tftpPort: 69 };
/** IPMI's goodbye is not waited for: it may still be on its way. */
const GOODBYE_MS = 500;

const rack = await startVirtualRack({ servers: Number(process.argv[2]), boot });
const openSessions = (): number => rack.servers.reduce((sum, one) => sum + one.bmcSessions(), 0);
process.send?.(rack.servers.map(({ name, bmc, credentials }) => ({ name, bmc, credentials })));
process.on('message', (asked) => {
  if (asked === 'end') void rack.close().then(() => process.exit(0));
  else setTimeout(() => process.send?.(openSessions()), asked === 'count at the end' ? GOODBYE_MS : 0);
});
