// Writes docs/hardware-quirks.md from the table that the Redfish driver acts on.
import { QUIRKS } from '@rackwright/bmc/redfish/quirks.ts';

const HEAD = `# Hardware quirks

Written from \`packages/bmc/src/redfish/quirks.ts\` by \`npm run docs\`; do not edit. What the driver finds out by looking (allowable values, settings
objects, missing properties) needs no row. A new device: record its documents under \`packages/bmc/samples/\`, add a row and a test.

| quirk | matches | what we do | how we know |
|---|---|---|---|
`;

export function hardwareQuirksDocument(): string {
  const rows = QUIRKS.map(({ id, match, source, ...traits }) => {
    const marks = Object.entries(match).map(([mark, pattern]) => `${mark} ${String(pattern)}`);
    return `| ${id} | ${marks.join(', ').replaceAll('|', '\\|')} | \`${JSON.stringify(traits)}\` | ${source} |`;
  });
  return `${HEAD}${rows.join('\n')}\n`;
}
