#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which has to be downloaded: the same engine as WebAssembly from npm, behind the same
// line-delimited JSON-RPC on stdin and stdout and the same `cli` sub-commands.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as wasm from '@prisma/schema-engine-wasm/schema_engine_bg';
import { databaseOf, onServer, postgresAdapterFactory, probe } from './postgres-adapter.mjs';

const asked = readArguments(process.argv.slice(2));

function readArguments(words) {
  const found = { url: undefined, datamodels: [], rest: [] };
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '--datasource') found.url = JSON.parse(words[++i]).url;
    else if (words[i] === '--datamodels') found.datamodels.push(words[++i]);
    else if (words[i] === '--enabled-preview-features' || words[i] === '--extension-types') i++;
    else found.rest.push(words[i]);
  }
  return found;
}

let loaded;
const loadWasm = () => (loaded ??= instantiateWasm());

async function instantiateWasm() {
  const file = createRequire(import.meta.url)
    .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
    .replace(/\.js$/, '.wasm');
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': wasm });
  wasm.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  // The engine calls this by name when it panics.
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => logLine('ERROR', { message, is_panic: true }) };
}

async function sayVersion() {
  await loadWasm();
  console.log(`schema-engine-wasm ${wasm.version()}`);
}

function logLine(level, fields) {
  // Prisma looks for the line from the second on: the native engine begins with one that is not JSON.
  process.stderr.write(`\n${JSON.stringify({ level, target: 'schema_engine::logger', fields })}\n`);
}

async function runCliCommand(command) {
  const url = asked.url ?? process.env.DATABASE_URL;
  try {
    if (command === 'can-connect-to-database') await probe(url);
    else if (command === 'create-database') await createDatabase(url);
    else if (command === 'drop-database')
      await onServer(url, (client) => client.query(`DROP DATABASE IF EXISTS "${databaseOf(url)}"`));
    else throw new Error(`unknown cli command ${command}`);
  } catch (error) {
    // 3D000: the database does not exist, which Prisma answers by making it.
    logLine('ERROR', { message: error.message, error_code: error.code === '3D000' ? 'P1003' : 'P1001', is_panic: false });
    process.exitCode = 1;
  }
}

function createDatabase(url) {
  return onServer(url, (client) => client.query(`CREATE DATABASE "${databaseOf(url)}"`));
}

/** A new one for each request: one that has applied migrations has forgotten how to make a shadow database. */
async function openEngine() {
  await loadWasm();
  const url = asked.url ?? process.env.DATABASE_URL ?? 'postgresql://127.0.0.1/none';
  const datamodels = asked.datamodels.map((path) => [path, readFileSync(path, 'utf8')]);
  const log = (message) => process.env.DEBUG && logLine('DEBUG', { message: String(message) });
  const factory = bindMigrationAwareSqlAdapterFactory(postgresAdapterFactory(url));
  return wasm.SchemaEngine.new({ datamodels: datamodels.length > 0 ? datamodels : undefined }, log, factory);
}

async function answer(method, params) {
  if (method === 'createDatabase') {
    const url = params.datasource.url ?? asked.url;
    await createDatabase(url);
    return { databaseName: databaseOf(url) };
  }
  const opened = await openEngine();
  if (method === 'evaluateDataLoss') return evaluateDataLoss(opened, params);
  if (method === 'createMigration') return createMigration(opened, params);
  if (method === 'getDatabaseVersion') return opened.version(params);
  if (typeof opened[method] !== 'function') throw new Error(`unknown method ${method}`);
  return (await opened[method](params)) ?? null;
}

// These two fail in the WebAssembly engine as soon as there is a migration ("shadow DB must be provided through an external factory").
// Its `diff` knows how to make a shadow database, and says the same.

async function nextMigration(engine, { migrationsList, schema, filters }) {
  const from = { tag: 'migrations', ...migrationsList };
  const to = { tag: 'schemaDatamodel', ...schema };
  // 2: the two differ.
  const { exitCode, stdout } = await engine.diff({ from, to, filters, script: true, exitCode: true });
  return exitCode === 2 ? stdout : null;
}

/** Warns of nothing: whoever writes a migration reads it. */
async function evaluateDataLoss(engine, params) {
  const script = await nextMigration(engine, params);
  return { migrationSteps: script === null ? 0 : 1, unexecutableSteps: [], warnings: [] };
}

async function createMigration(engine, params) {
  const script = await nextMigration(engine, params);
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  return {
    connectorType: 'postgresql',
    generatedMigrationName: `${time}_${params.migrationName}`,
    extension: 'sql',
    migrationScript: script ?? (params.draft ? '-- This is an empty migration.' : null),
  };
}

function serve() {
  let unanswered = 0;
  let inputEnded = false;
  const leaveWhenDone = () => inputEnded && unanswered === 0 && process.exit(0);

  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const reply = async (line) => {
    if (line.trim() === '') return;
    const { id, method, params } = JSON.parse(line);
    if (method === undefined) return;
    unanswered += 1;
    const said = await answer(method, params).then(
      (result) => ({ result }),
      (error) => ({ error: describe(error) }),
    );
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...said })}\n`);
    unanswered -= 1;
    leaveWhenDone();
  };
  lines.on('line', (line) => void reply(line));
  lines.on('close', () => {
    inputEnded = true;
    leaveWhenDone();
  });
}

/** Error number and shape are those of the native engine (json-rpc-api-build). */
function describe(error) {
  const message = error?.cause?.message ?? error?.message ?? String(error);
  const details = { is_panic: false, message, error_code: error?.code ?? null, meta: null };
  return { code: 4466, message: 'An error happened. Check the data field for details.', data: details };
}

if (asked.rest.includes('--version') || asked.rest.includes('-V')) await sayVersion();
else if (asked.rest[0] === 'cli') await runCliCommand(asked.rest[1]);
else serve();
