// The simulated BMCs of bench:bmc, in a process of their own so that their CPU is not counted as ours.
import { type BmcKind, startFleet } from '../../test/integration/bmc-fleet.ts';

const [size = 0, troubledPercent = 0] = process.argv.slice(2).map(Number);
/** IPMI's goodbye is not waited for: it may still be on its way. */
const GOODBYE_MS = 500;
const TROUBLES: BmcKind[] = ['refusing', 'silent', 'slow', 'forbidding'];

/** Pairs, because every second speaks Redfish: each kind of trouble in both protocols. */
function kindOf(n: number): BmcKind {
  const pair = n >> 1;
  const every = Math.max(1, Math.round(100 / troubledPercent));
  return troubledPercent > 0 && pair % every === 0 ? (TROUBLES[(pair / every) % TROUBLES.length] ?? 'well') : 'well';
}

export type RackSeen = {
  sessions: number;
  mostAtOnce: number;
  mostSessions: number;
  requests: number;
  /** Of those in trouble, by serial; null where nobody listens. */
  troubled: Record<string, number | null>;
};

const fleet = await startFleet(size, kindOf);
const seen = (): RackSeen => {
  const traffic = fleet.bmcs.map((bmc) => bmc.traffic());
  return {
    sessions: fleet.bmcs.reduce((sum, bmc) => sum + bmc.sessions(), 0),
    mostAtOnce: traffic.reduce((most, one) => Math.max(most, one.mostAtOnce), 0),
    mostSessions: traffic.reduce((most, one) => Math.max(most, one.mostSessions), 0),
    requests: traffic.reduce((sum, one) => sum + one.requests, 0),
    troubled: Object.fromEntries(
      fleet.bmcs.flatMap(({ serial, kind }, n) => {
        if (kind === 'well' || kind === 'slow') return [];
        return [[serial, kind === 'refusing' ? null : (traffic[n]?.requests ?? 0)]];
      }),
    ),
  };
};
process.send?.(fleet.bmcs.map(({ serial, kind, endpoint, credentials }) => ({ serial, kind, endpoint, credentials })));
process.on('message', (asked) => {
  if (asked === 'end') void fleet.close().then(() => process.exit(0));
  else setTimeout(() => process.send?.(seen()), asked === 'count at the end' ? GOODBYE_MS : 0);
});
