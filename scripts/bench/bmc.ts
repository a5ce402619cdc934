// `npm run bench:bmc -- --bmcs N`: the product's sweep over N BMCs, some dead, slow or refusing, on real sockets and a real database.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lookAtAllNow } from '@rackwright/store/bmc-sweep/sweep-shares.ts';
import { type Database, openDatabase } from '@rackwright/store/database.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { migrate } from '@rackwright/store/migrate.ts';
import { makeKeyring } from '@rackwright/store/secrets/keyring.ts';
import { composeBmcs } from '@rackwright/worker-app/compose-bmcs.ts';
import pg from 'pg';
import { startOwnPostgres } from '../../test/e2e/rack/own-postgres.ts';
import { type FleetMember, putOnFile } from '../../test/integration/bmc-fleet.ts';
import type { RackSeen } from './bmc-rack.ts';
import { brokenAtBmcs, despiteTheBreaker, type ShunnedAt } from './judge-bmcs.ts';
import { printJudgement } from './print-judgement.ts';
import { meanOf, type Reference, referenceLoad } from './reference-load.ts';
import { keepResult, table } from './results.ts';
import { type Query, shunnedAfter, shunnedBefore } from './shunned-bmcs.ts';

const { values } = parseArgs({
  options: {
    bmcs: { type: 'string', default: '5000' },
    /** Talked to at the same moment. */
    parallel: { type: 'string', default: '64' },
    sweeps: { type: 'string', default: '5' },
    /** Percent in trouble: a quarter each refuses connections, is silent, is slow, refuses the password. */
    troubled: { type: 'string', default: '4' },
    /** Also writes test/bench/bmc.json, which later runs are compared with. */
    commit: { type: 'boolean', default: false },
  },
});
const BMCS = Number(values.bmcs);
const PARALLEL = Number(values.parallel);
/** Hours would only hide that nothing moves. */
const LIMIT_MS = 600_000;

let statements = 0;
const sent = pg.Client.prototype.query;
pg.Client.prototype.query = function counted(this: pg.Client, ...words: unknown[]) {
  statements += 1;
  return Reflect.apply(sent, this, words);
} as never;

type Swept = {
  name: string;
  due: number;
  well: number;
  wellSeconds: number;
  seconds: number;
  cpuSeconds: number;
  statements: number;
  /** BMCs that were to be left alone meanwhile, and those of them that were not. */
  alone: number;
  asked: string[];
};

const folder = mkdtempSync(join(tmpdir(), 'rackwright-bench-'));
const postgres = await startOwnPostgres(folder);
const rack = fork(new URL('./bmc-rack.ts', import.meta.url), [values.bmcs, values.troubled], { stdio: 'inherit' });
try {
  const [members] = (await once(rack, 'message')) as [FleetMember[]];
  const before = await referenceLoad(postgres.url);
  const database = await openDatabase(postgres.url);
  try {
    await migrate(database);
    const keyring = makeKeyring({ id: 'bench', bytes: new Uint8Array(32).fill(3) });
    const ids = await putOnFile(database, keyring, members);
    const log = { info: () => {}, warn: console.log, error: console.log };
    const bmcs = composeBmcs({ sweep: { living: PARALLEL, silent: PARALLEL / 2 } }, { database, keyring, log, runner: 'bench' });
    const sweeps = await sweepAll(postgres.url, database, ids, members);
    const during = await ask(rack, 'count');
    await bmcs.close();
    report(sweeps, during, await ask(rack, 'count at the end'), meanOf(before, await referenceLoad(postgres.url)));
  } finally {
    await database.close();
  }
} finally {
  rack.send('end');
  await once(rack, 'exit');
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
}

async function ask(process: ChildProcess, word: string): Promise<RackSeen> {
  process.send(word);
  const over = new AbortController();
  const { signal } = over;
  const gone = once(process, 'exit', { signal }).then(() => {
    throw new Error(`the simulated BMCs ended while they were asked to "${word}"`);
  });
  try {
    const [seen] = (await Promise.race([once(process, 'message', { signal }), gone])) as [RackSeen];
    return seen;
  } finally {
    over.abort();
  }
}

async function sweepAll(
  url: string,
  database: Database,
  ids: readonly ServerId[],
  members: readonly FleetMember[],
): Promise<Swept[]> {
  const watcher = await watch(
    url,
    ids.filter((_, n) => members[n]?.kind === 'well'),
  );
  try {
    await until(async () => (await watcher.look(0)).onFile === members.length);
    const swept: Swept[] = [];
    for (let n = 1; n <= Number(values.sweeps); n++) {
      // What the sweep began by itself meanwhile ends before anything is counted.
      await until(async () => (await watcher.look(0)).asked === 0);
      swept.push(await oneSweep(database, watcher, n));
    }
    return swept;
  } finally {
    await watcher.close();
  }
}

async function oneSweep(database: Database, watcher: Watcher, n: number): Promise<Swept> {
  const cpu = process.cpuUsage();
  const sentBefore = statements;
  const since = Date.now();
  const before = await watcher.shunned.before();
  const began = performance.now();
  const due = await lookAtAllNow(database, 'closed');
  let wellSeconds = 0;
  let last = await watcher.look(since);
  await until(async () => {
    last = await watcher.look(since);
    if (wellSeconds === 0 && last.wellSeen >= watcher.well) wellSeconds = (performance.now() - began) / 1_000;
    // Dead ones that came due by themselves are looked at too: they do not stand in for a living one.
    return last.looked >= due && wellSeconds > 0;
  });
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const name = n === 1 ? 'first: log in, read the log' : `sweep ${n}`;
  const figures = { cpuSeconds: (user + system) / 1e6, statements: statements - sentBefore - 1 };
  const shunned = despiteTheBreaker(before, await watcher.shunned.after());
  return { name, due, well: watcher.well, wellSeconds, seconds, ...figures, ...shunned };
}

type Watched = { onFile: number; asked: number; looked: number; wellSeen: number };
type Watcher = {
  well: number;
  look(since: number): Promise<Watched>;
  shunned: Record<'before' | 'after', () => Promise<ShunnedAt>>;
  close(): Promise<void>;
};

/** On a connection of its own, whose statements are not counted. */
async function watch(url: string, well: readonly ServerId[]): Promise<Watcher> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const uncounted: Query = (text) => Reflect.apply(sent, client, [text]) as ReturnType<Query>;
  const counts = async (): Promise<RackSeen['troubled']> => (await ask(rack, 'count')).troubled;
  const text = `select count(*)::int as "onFile", count(asked_by)::int as asked,
      (count(*) filter (where greatest(seen_at, last_error_at) >= to_timestamp($1 / 1000.0)))::int as looked,
      (count(*) filter (where seen_at >= to_timestamp($1 / 1000.0) and server_id = any($2)))::int as "wellSeen" from bmc_readings`;
  return {
    well: well.length,
    async look(since) {
      const asked = Reflect.apply(sent, client, [text, [since, well]]) as unknown as Promise<{ rows: Watched[] }>;
      return (await asked).rows[0] ?? { onFile: 0, asked: 0, looked: 0, wellSeen: 0 };
    },
    shunned: {
      before: () => shunnedBefore(uncounted, counts),
      after: () => shunnedAfter(uncounted, counts),
    },
    close: () => client.end(),
  };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`not done after ${LIMIT_MS / 1_000} s`);
    await pause(100);
  }
}

function report(sweeps: readonly Swept[], during: RackSeen, after: RackSeen, reference: Reference): void {
  console.log(
    `${BMCS} BMCs, half Redfish and half IPMI, ${values.troubled} % in trouble; ${PARALLEL} that answer and ${PARALLEL / 2} that do not at the same moment; ` +
      `${limitOfOpenFiles()} open files allowed, peak RSS ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`,
  );
  const head = [
    '',
    'looked at',
    'well',
    'well seen s',
    'all done s',
    'CPU ms/BMC',
    'statements/BMC',
    'well BMCs/s',
    'left alone',
  ];
  const rows = sweeps.map((one) => [
    one.name,
    String(one.due),
    String(one.well),
    one.wellSeconds,
    one.seconds,
    (one.cpuSeconds / one.due) * 1_000,
    one.statements / one.due,
    one.well / one.wellSeconds,
    String(one.alone - one.asked.length),
  ]);
  console.log(`${table([head, ...rows])}\n`);
  console.log(
    `at the BMCs: ${during.requests} requests, at most ${during.mostAtOnce} at once and ${during.mostSessions} sessions at one BMC; ` +
      `${during.sessions} sessions kept between sweeps, ${after.sessions} left at the end\n`,
  );
  const [first, ...others] = sweeps;
  const steady = others.toSorted((a, b) => a.wellSeconds - b.wellSeconds)[Math.floor(others.length / 2)];
  const ratios = Object.fromEntries(
    Object.entries({ first, steady }).flatMap(([name, one]) =>
      one === undefined
        ? []
        : [
            [`${name}: wall per well BMC / reference transaction`, one.wellSeconds / one.well / reference.secondsPerTransaction],
            [`${name}: CPU per BMC / reference round`, one.cpuSeconds / one.due / reference.cpuSecondsPerRound],
            [`${name}: statements per BMC`, one.statements / one.due],
          ],
    ),
  );
  printJudgement('bmc', ratios, { fact: 'bmcs', now: BMCS });
  keepResult('bmc', { bmcs: BMCS, reference, sweeps, during, ratios }, { commit: values.commit });
  const broken = brokenAtBmcs({ bmcs: BMCS, during, after, sweeps });
  for (const one of broken) console.log(`BROKEN: ${one}`);
  if (broken.length > 0) process.exitCode = 1;
}

/** Each BMC of the rack listens on a port of its own: a limit below their number ends the rack with EMFILE. */
function limitOfOpenFiles(): string {
  return /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 'unknown';
}
