// Reads which file imports which, types included, from the source itself.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** `room`: the folder of a package or app; empty for tests and scripts. */
export type SourceFile = { path: string; room: string; imports: Import[] };

/** `byPath`: says `../…` instead of a package's name. `outside`: not ours. */
export type Import = { target: string; room: string | undefined; outside: string | undefined; byPath: boolean };

const IMPORT =
  /^\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

/** Every source file below these folders, with what it imports resolved to paths from the root. */
export function readSources(...folders: ('packages' | 'apps' | 'test' | 'scripts')[]): SourceFile[] {
  return folders.flatMap((top) => sourceFiles(join(ROOT, top))).map(readSource);
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'generated', 'dist'].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.(?:ts|tsx|mjs)$/.test(entry.name) ? [path] : [];
  });
}

function readSource(path: string): SourceFile {
  const source = readFileSync(path, 'utf8');
  const imports = [...source.matchAll(IMPORT)].map((match) => resolveImport(path, match[1] ?? match[2] ?? match[3] ?? ''));
  return { path: relative(ROOT, path), room: roomOf(relative(ROOT, path)) ?? '', imports };
}

function resolveImport(from: string, specifier: string): Import {
  if (specifier.startsWith('.')) {
    const target = relative(ROOT, join(dirname(from), specifier));
    return { target, room: roomOf(target), outside: undefined, byPath: true };
  }
  const own = /^@rackwright\/([^/]+)\/(.+)$/.exec(specifier);
  if (!own) return { target: specifier, room: undefined, outside: specifier, byPath: false };
  const [, name = '', rest = ''] = own;
  const folder = name.endsWith('-app') ? `apps/${name.slice(0, -4)}` : `packages/${name}`;
  return { target: `${folder}/src/${rest}`, room: folder, outside: undefined, byPath: false };
}

function roomOf(path: string): string | undefined {
  return /^(?:packages|apps)\/[^/]+/.exec(path)?.[0];
}

/** Every cycle found by walking the imports of files; empty when there is none. */
export function findCycles(files: SourceFile[]): string[][] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const state = new Map<string, 'open' | 'closed'>();
  const cycles: string[][] = [];
  const walk = (path: string, trail: string[]): void => {
    if (state.get(path) === 'closed') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path]);
      return;
    }
    state.set(path, 'open');
    for (const { target } of byPath.get(path)?.imports ?? []) if (byPath.has(target)) walk(target, [...trail, path]);
    state.set(path, 'closed');
  };
  for (const file of files) walk(file.path, []);
  return cycles;
}
