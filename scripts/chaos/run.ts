// `npm run chaos -- --servers 40 --seed N --minutes M`: everything goes wrong at once, and afterwards every promise must have held.
import { parseArgs } from 'node:util';
import { table } from '../bench/results.ts';
import { runChaos } from './run-chaos.ts';

const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '3' },
    /** redis, as in production (redis-server must be installed), or postgres, as in `npm start`. */
    queue: { type: 'string', default: 'redis' },
  },
});
const size = { servers: Number(values.servers), seed: Number(values.seed), minutes: Number(values.minutes) };
const queue = values.queue === 'postgres' ? 'postgres' : 'redis';
const report = await runChaos({ ...size, queue, tell: (line) => console.log(line) });
const { violations, unsettled, ownEnds, struck, counts, settledAfterMs } = report;
const kinds = Object.entries(struck).toSorted(([a], [b]) => a.localeCompare(b));
const rows = kinds.map(([kind, { planned, hit, met }]) => [kind, String(planned), String(hit), String(met)]);
console.log(`\n${table([['fault', 'planned', 'hit', 'met'], ...rows])}`);
console.log(
  `\nseed ${size.seed}: ${JSON.stringify(counts)}, settled ${(settledAfterMs / 1000).toFixed(0)} s after the last fault`,
);
const unmet = kinds.filter(([, { hit }]) => hit === 0).map(([kind]) => kind);
if (unmet.length > 0) console.log(`of these nothing was met, and nothing is proved about them: ${unmet.join(', ')}`);
for (const { rule, server, says } of violations) console.log(`VIOLATION ${rule} ${server}: ${says}`);
for (const one of unsettled) console.log(`NOT SETTLED ${one}`);
if (ownEnds > 0) console.log(`Rackwright ended by itself ${ownEnds} times`);
if (violations.length + unsettled.length + ownEnds > 0) process.exit(1);
console.log('every promise held');
