// `npm run bench:bmc -- --bmcs N`: what it costs to ask N BMCs, half Redfish and half IPMI, for their power; the BMCs live in a process of their own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { VirtualServer } from '@rackwright/virtual-rack-app/virtual-rack.ts';
import { sweeper, type Swept } from './sweep-bmcs.ts';
import { table } from './results.ts';

const { values } = parseArgs({
  options: {
    bmcs: { type: 'string', default: '1000' },
    /** Talked to at the same moment. */
    parallel: { type: 'string', default: '50' },
    sweeps: { type: 'string', default: '3' },
  },
});
const BMCS = Number(values.bmcs);

const rack = fork(new URL('./bmc-rack.ts', import.meta.url), [String(BMCS)], { stdio: 'inherit' });
const [servers] = (await once(rack, 'message')) as [VirtualServer[]];
const sweeping = sweeper(servers, Number(values.parallel));
const rows: (string | number)[][] = [];
let failures = 0;
for (let n = 1; n <= Number(values.sweeps); n++) {
  const name = n === 1 ? 'first sweep, with logging in' : `sweep ${n}`;
  const cpu = process.cpuUsage();
  const began = performance.now();
  const swept: Swept = await sweeping.sweep();
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  rows.push([name, swept.seen.size, swept.failed.size, seconds, (user + system) / 1_000 / BMCS, BMCS / seconds]);
  failures += swept.failed.size;
  for (const [server, why] of [...swept.failed].slice(0, 5)) console.log(`${server}: ${why}`);
}
rack.send('count');
const [held] = (await once(rack, 'message')) as [number];
await sweeping.close();
rack.send('count at the end');
const [left] = (await once(rack, 'message')) as [number];
rack.send('end');
await once(rack, 'exit');
console.log(`${BMCS} BMCs, ${values.parallel} talked to at once, each by one client that waits for every answer`);
console.log(table([['', 'seen', 'failed', 'wall s', 'CPU ms/BMC', 'BMCs/s'], ...rows]));
console.log(`sessions held between sweeps: ${(held / BMCS).toFixed(2)} per BMC; left open at the end: ${left}`);
if (failures > 0 || left > 0 || held > BMCS) process.exitCode = 1;
