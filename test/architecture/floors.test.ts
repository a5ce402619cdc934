// The floors of docs/architecture.md: imports point down only, pure floors do no I/O, and nothing goes in a circle.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Exports, neededExports } from './needed-exports.ts';
import { findCycles, readSources, ROOT } from './source-imports.ts';

const DOMAIN_FLOOR = ['domain', 'protocols', 'documents', 'api-contract'];
const PORT_TYPES = 'packages/workflows/src/ports.ts';

/** Package -> packages it may import. Adapters may also import the *types* of ports.ts. */
const MAY_IMPORT: Record<string, string[]> = {
  domain: [],
  protocols: [],
  documents: ['domain'],
  'api-contract': ['domain'],
  'workflow-engine': ['domain'],
  workflows: [...DOMAIN_FLOOR, 'workflow-engine'],
  store: [...DOMAIN_FLOOR, 'workflow-engine'],
  queue: ['domain'],
  bmc: ['protocols', 'domain'],
  kubernetes: DOMAIN_FLOOR,
  images: DOMAIN_FLOOR,
  'install-agent': [],
};

const PURE = [...DOMAIN_FLOOR, 'workflow-engine', 'workflows'];
const sources = readSources('packages', 'apps');
const everywhere = [...sources, ...readSources('test', 'scripts')];
const product = sources.filter((file) => !file.path.endsWith('.test.ts'));
const packageOf = (room: string | undefined): string | undefined =>
  room?.startsWith('packages/') ? room.slice('packages/'.length) : undefined;

test('every package stands on a floor', () => {
  const names = new Set(product.map((file) => packageOf(file.room)).filter((name) => name !== undefined && name !== 'testkit'));
  expect([...names].filter((name) => !(name! in MAY_IMPORT))).toEqual([]);
});

test('imports point down only', () => {
  const wrong = product.flatMap((file) => {
    const from = packageOf(file.room);
    if (from === undefined || from === 'testkit') return [];
    return file.imports
      .filter(({ room, target }) => {
        if (room === undefined || room === file.room || target === PORT_TYPES) return false;
        return room.startsWith('apps/') || !MAY_IMPORT[from]?.includes(packageOf(room) ?? '');
      })
      .map(({ target }) => `${file.path} -> ${target}`);
  });
  expect(wrong).toEqual([]);
});

test('adapters take only types from the ports', () => {
  const values = product
    .filter(
      (file) => packageOf(file.room) !== undefined && !PURE.includes(packageOf(file.room)!) && file.room !== 'packages/testkit',
    )
    .filter((file) => /^import \{[^}]*\} from '@rackwright\/workflows\//m.test(readFileSync(join(ROOT, file.path), 'utf8')));
  expect(values.map((file) => file.path)).toEqual([]);
});

test('the pure floors do no I/O and know no clock and no chance', () => {
  const wrong = product
    .filter((file) => PURE.includes(packageOf(file.room) ?? ''))
    .flatMap((file) => {
      const source = readFileSync(join(ROOT, file.path), 'utf8');
      const found = file.imports.filter(({ outside }) => outside !== undefined && outside !== 'zod').map(({ target }) => target);
      for (const word of ['Date.now(', 'new Date()', 'Math.random(', 'setTimeout(', 'process.', 'fetch(', 'Buffer.']) {
        if (source.includes(word)) found.push(word);
      }
      return found.map((what) => `${file.path}: ${what}`);
    });
  expect(wrong).toEqual([]);
});

test('one importer each: Prisma, BullMQ, and the testkit only by tests', () => {
  const importers = (name: string) => [
    ...new Set(product.filter((f) => f.imports.some((i) => i.outside?.startsWith(name))).map((f) => f.room)),
  ];
  expect(importers('@prisma/')).toEqual(['packages/store']);
  expect(importers('bullmq')).toEqual(['packages/queue']);
  const fromTestkit = product.filter(
    (f) => f.room !== 'packages/testkit' && f.imports.some((i) => i.room === 'packages/testkit'),
  );
  expect(fromTestkit.map((file) => file.path)).toEqual([]);
});

test('only main.ts reads the environment', () => {
  const wrong = product
    .filter((file) => file.room.startsWith('apps/') || (packageOf(file.room) !== undefined && file.room !== 'packages/testkit'))
    .filter((file) => !file.path.endsWith('/main.ts') && !file.path.includes('/bin/'))
    .filter((file) => /process\.env\b/.test(readFileSync(join(ROOT, file.path), 'utf8')));
  expect(wrong.map((file) => file.path)).toEqual([]);
});

test('no circle, type imports counted', () => {
  expect(findCycles(sources).map((cycle) => cycle.join(' -> '))).toEqual([]);
});

test('what is imported from another package exists, and is asked for by the name of the package', () => {
  const wrong = everywhere.flatMap((file) =>
    file.imports
      .filter(({ room }) => room !== undefined && room !== file.room)
      .filter(({ target, byPath }) => byPath || !existsSync(join(ROOT, target)))
      .map(({ target }) => `${file.path} -> ${target}`),
  );
  expect(wrong).toEqual([]);
});

// The lists say at a glance what a package is to the others; what is not on it may be changed at will.
test('every package exports what others import from it, file by file, and nothing else', () => {
  const wrong = [...neededExports()].flatMap(([room, needed]) => {
    const listed = (JSON.parse(readFileSync(join(ROOT, room, 'package.json'), 'utf8')) as { exports?: Exports }).exports ?? {};
    const idle = Object.keys(listed).filter((path) => listed[path] !== needed[path]);
    const missing = Object.keys(needed).filter((path) => !(path in listed));
    return [...idle.map((path) => `${room} lists ${path} in vain`), ...missing.map((path) => `${room} does not list ${path}`)];
  });
  expect(wrong, 'npm run exports mends it').toEqual([]);
});

test('every package says in at most twenty lines what it is', () => {
  const wrong = [...neededExports().keys()].filter((room) => {
    const readme = join(ROOT, room, 'README.md');
    return !existsSync(readme) || readFileSync(readme, 'utf8').trimEnd().split('\n').length > 20;
  });
  expect(wrong).toEqual([]);
});
