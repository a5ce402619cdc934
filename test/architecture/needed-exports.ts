// The public face of each package: exactly the files that somebody outside it imports.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSources, ROOT } from './source-imports.ts';

/** As package.json's `exports` has it: `./errors.ts` -> `./src/errors.ts`, sorted. */
export type Exports = Record<string, string>;

/** By folder, as `packages/domain`; a package that nobody imports from has an empty list. */
export function neededExports(): Map<string, Exports> {
  const paths = new Map(rooms().map((room) => [room, new Set<string>()]));
  for (const file of readSources('packages', 'apps', 'test', 'scripts')) {
    for (const { room, target } of file.imports) {
      if (room !== undefined && room !== file.room) paths.get(room)?.add(target.slice(`${room}/src/`.length));
    }
  }
  return new Map([...paths].map(([room, found]) => [room, exportsOf([...found].sort())]));
}

function exportsOf(paths: string[]): Exports {
  return Object.fromEntries(paths.map((path) => [`./${path}`, `./src/${path}`]));
}

function rooms(): string[] {
  return ['packages', 'apps'].flatMap((top) =>
    readdirSync(join(ROOT, top), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${top}/${name}`),
  );
}
