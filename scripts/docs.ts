// `npm run docs`: writes the documents that follow from code; with --check it only says which are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsDocument } from './docs/errors.ts';
import { hardwareQuirksDocument } from './docs/hardware-quirks.ts';
import { healthDocument } from './docs/health.ts';
import { lifecycleDocument } from './docs/lifecycle.ts';
import { openapiDocument } from './docs/openapi.ts';
import { webhooksDocument } from './docs/webhooks.ts';

const root = join(import.meta.dirname, '..');
const documents: Record<string, () => string | Promise<string>> = {
  'docs/lifecycle.md': lifecycleDocument,
  'docs/errors.md': errorsDocument,
  'docs/health.md': healthDocument,
  'docs/hardware-quirks.md': hardwareQuirksDocument,
  'docs/webhooks.md': webhooksDocument,
  'docs/openapi.json': openapiDocument,
};

const stale: string[] = [];
for (const [path, write] of Object.entries(documents)) {
  const fresh = await write();
  if (process.argv.includes('--check')) {
    if (readOrEmpty(join(root, path)) !== fresh) stale.push(path);
  } else {
    writeFileSync(join(root, path), fresh);
    console.log(`wrote ${path}`);
  }
}
if (stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}; run npm run docs`);
  process.exit(1);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
