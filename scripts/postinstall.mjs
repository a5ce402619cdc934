// Runs after npm install: makes the Prisma client when it is missing or older than the schema. Works offline and on Node 20.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const generated = join(root, 'packages/store/src/generated');
const stampFile = join(generated, '.made-from');

const prisma = findPrisma();
if (prisma === undefined) {
  // A production install leaves the tool out; then the client must have come with the source (a container image, say).
  if (!existsSync(join(generated, 'client.ts'))) fail('the Prisma client is missing and the tool that makes it is not installed');
} else {
  const stamp = stampOf(prisma);
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) generate(prisma, stamp);
}

function findPrisma() {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('prisma/package.json');
    return { manifest, cli: join(dirname(manifest), 'build/index.js') };
  } catch {
    return undefined;
  }
}

/** What the client is made from: the schema and the version of the tool. */
function stampOf({ manifest }) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'prisma/schema.prisma')));
  return hash.update(JSON.parse(readFileSync(manifest, 'utf8')).version).digest('hex');
}

function generate({ cli }, stamp) {
  const engine = join(root, 'scripts/prisma/schema-engine.mjs');
  // Both variables keep Prisma from the network: no engine to fetch, no news to ask for.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: engine, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
  const made = spawnSync(process.execPath, [cli, 'generate', '--no-hints'], { cwd: root, env, encoding: 'utf8' });
  if (made.status !== 0) fail(`prisma generate failed:\n${made.stdout ?? ''}${made.stderr ?? ''}${made.error ?? ''}`);
  writeFileSync(stampFile, stamp);
}

function fail(message) {
  console.error(`postinstall: ${message}`);
  process.exit(1);
}
