// `npm run exports`: lists in every package.json what others import from it; with --check it only says where the list is not right.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { neededExports } from '../test/architecture/needed-exports.ts';

const root = join(import.meta.dirname, '..');
const wrong: string[] = [];
for (const [room, exports] of neededExports()) {
  const path = join(root, room, 'package.json');
  const before = readFileSync(path, 'utf8');
  const after = `${JSON.stringify({ ...(JSON.parse(before) as object), exports }, null, 2)}\n`;
  if (after === before) continue;
  wrong.push(room);
  if (process.argv.includes('--check')) continue;
  writeFileSync(path, after);
  console.log(`wrote ${room}/package.json`);
}
if (wrong.length > 0 && process.argv.includes('--check')) {
  console.error(`not what others import: exports of ${wrong.join(', ')}; run npm run exports`);
  process.exit(1);
}
