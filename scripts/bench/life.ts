// `npm run bench:life -- --servers N`: the whole life of N simulated servers, what each phase costs Rackwright, compared with last time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startOwnPostgres } from '../../test/e2e/rack/own-postgres.ts';
import { beginAll, startSimulatedSite, type SimulatedSite } from '../../test/e2e/rack/simulated-site.ts';
import { AIMED_SERVERS, type LifePhase, missedAims } from './judge-life.ts';
import { printJudgement } from './print-judgement.ts';
import { countOf, measure, mostSent, type Used } from './process-meter.ts';
import { meanOf, referenceLoad, type Reference } from './reference-load.ts';
import { slowSteps, whatHoldsThemUp } from './slow-steps.ts';
import { keepResult, table } from './results.ts';

const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: '200' },
    /** Also writes test/bench/life.json, which later runs are compared with. */
    commit: { type: 'boolean', default: false },
    /** A folder for .cpuprofile files of Rackwright. */
    profile: { type: 'string' },
    statements: { type: 'boolean', default: false },
    /** Prints how long each step took. */
    steps: { type: 'boolean', default: false },
  },
});
const SERVERS = Number(values.servers);
/** Per phase; hours would only hide that nothing moves. */
const LIMIT_MS = 1_500_000;
/** Between the two sightings of a machine that is off: simulated machines cannot shorten it. */
const FENCE_SECONDS = 5;

type Phase = { name: string; seconds: number; waitedSeconds: number; before: Used; after: Used };

const folder = mkdtempSync(join(tmpdir(), 'rackwright-bench-'));
const statementsFile = join(folder, 'statements.json');
const postgres = await startOwnPostgres(folder);
const before = await referenceLoad(postgres.url);
const phases: Phase[] = [];
let site: SimulatedSite | undefined;
try {
  let registering: Used | undefined;
  let began = 0;
  site = await startSimulatedSite(SERVERS, {
    env: { ...postgres.env, ...counting() },
    registering: async ({ running }) => {
      registering = await measure(running().process.pid ?? 0, statementsFile);
      began = performance.now();
    },
  });
  const seconds = (performance.now() - began) / 1_000;
  if (!registering) throw new Error('nothing was registered');
  phases.push({ name: 'register', seconds, waitedSeconds: 0, before: registering, after: await used(site) });
  await live(site);
  const stepTable = values.steps ? await slowSteps(postgres.url) : '';
  report(meanOf(before, await referenceLoad(postgres.url)), stepTable);
} finally {
  await site?.close();
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
}

async function live(on: SimulatedSite): Promise<void> {
  const { imageDigest, clusterId } = on.onFile;
  await phase(on, 'onboard', { type: 'onboard' }, 'available', 0);
  await phase(on, 'provision', { type: 'provision', params: { imageDigest, clusterId } }, 'in_service', 0);
  await phase(on, 'release', { type: 'release' }, 'available', FENCE_SECONDS);
}

async function phase(on: SimulatedSite, name: string, request: object, state: string, waitedSeconds: number): Promise<void> {
  const atFirst = await used(on);
  const began = performance.now();
  await beginAll(on, request);
  await untilNoneLeft(on, state);
  const seconds = (performance.now() - began) / 1_000;
  phases.push({ name, seconds, waitedSeconds, before: atFirst, after: await used(on) });
  console.log(`${name}: ${seconds.toFixed(0)} s`);
}

/** Asks for the first that is elsewhere: a list of a thousand servers many times a second would be the load that is measured. */
async function untilNoneLeft({ api }: SimulatedSite, state: string): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  const elsewhere = `/v1/servers?limit=1&filter=${encodeURIComponent(`state!=${state}`)}`;
  for (;;) {
    const { items } = await api.get<{ items: { name: string; state: string }[] }>(elsewhere);
    if (items.length === 0) return;
    if (performance.now() > end)
      throw new Error(`not all ${state} after ${LIMIT_MS / 1000} s:\n${await whatHoldsThemUp(postgres.url)}`);
    await pause(250);
  }
}

function used(on: SimulatedSite): Promise<Used> {
  return measure(on.running().process.pid ?? 0, statementsFile);
}

function counting(): Record<string, string> {
  const words = [`--import=${join(import.meta.dirname, 'count-statements.ts')}`];
  if (values.profile !== undefined) words.push('--cpu-prof', `--cpu-prof-dir=${values.profile}`);
  return { NODE_OPTIONS: words.join(' '), RACKWRIGHT_STATEMENTS_FILE: statementsFile };
}

function report(reference: Reference, stepTable: string): void {
  const figures = phases.map((one) => {
    const cpuPerServer = (one.after.cpuSeconds - one.before.cpuSeconds) / SERVERS;
    const seconds = one.seconds - one.waitedSeconds;
    const statementsPerServer = (countOf(one.after) - countOf(one.before)) / SERVERS;
    return { ...one, seconds, cpuPerServer, statementsPerServer };
  });
  const head = ['phase', 'wall s', 'fixed waits s', 'CPU ms/server', 'statements/server', 'peak RSS MB'];
  const rows = figures.map((one) => [
    one.name,
    one.seconds,
    one.waitedSeconds,
    one.cpuPerServer * 1_000,
    one.statementsPerServer,
    one.after.peakMegabytes,
  ]);
  console.log(`${SERVERS} servers; fixed waits are taken out of the wall time\n${table([head, ...rows])}\n`);
  if (values.statements) for (const one of phases) printStatements(one);
  if (values.steps) console.log(`${stepTable}\n`);
  const ratios = Object.fromEntries(
    figures.flatMap((one) => [
      [`${one.name}: wall per server / reference transaction`, one.seconds / SERVERS / reference.secondsPerTransaction],
      [`${one.name}: CPU per server / reference round`, one.cpuPerServer / reference.cpuSecondsPerRound],
      [`${one.name}: statements per server`, one.statementsPerServer],
      [`${one.name}: peak memory MB`, one.after.peakMegabytes],
    ]),
  );
  const kept = figures.map(({ name, seconds, cpuPerServer, statementsPerServer, after }) => {
    return { name, seconds, cpuPerServer, statementsPerServer, peakMegabytes: after.peakMegabytes };
  });
  printJudgement('life', ratios, { fact: 'servers', now: SERVERS });
  printAims(kept);
  keepResult('life', { servers: SERVERS, reference, phases: kept, ratios }, { commit: values.commit });
}

function printStatements({ name, before: first, after }: Phase): void {
  const rows = mostSent(first, after, 40).map(({ statement, count }) => [(count / SERVERS).toFixed(2).padStart(8), statement]);
  console.log(`${name}: statements per server\n${rows.map((row) => row.join('  ')).join('\n')}\n`);
}

function printAims(kept: readonly LifePhase[]): void {
  if (SERVERS < AIMED_SERVERS) return console.log(`the aims are for ${AIMED_SERVERS} servers: not judged`);
  const missed = missedAims(SERVERS, kept);
  for (const one of missed) console.log(`MISSED: ${one}`);
  if (missed.length > 0) process.exitCode = 1;
  else console.log('every aim met: under 5 minutes each way, under 1 GB');
}
