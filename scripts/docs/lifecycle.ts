// Draws docs/lifecycle.md from the table that the program itself obeys.
import { MOVES, STATES } from '@rackwright/domain/server-lifecycle/table.ts';

export function lifecycleDocument(): string {
  const states = Object.entries(STATES);
  const resting = states.filter(([, state]) => state.kind === 'resting').map(([name, { means }]) => `| \`${name}\` | ${means} |`);
  const working = states.flatMap(([name, state]) =>
    state.kind === 'working' ? [`| \`${name}\` | \`${state.runs}\` | ${state.limitMinutes} min | ${state.means} |`] : [],
  );
  const arrows = MOVES.map(([from, on, to, by]) => `  ${from} --> ${to}: ${on} (${by})`);
  const [first] = states;
  return [
    '# The life of a server',
    '',
    '<!-- Written by `npm run docs` from packages/domain/src/server-lifecycle/table.ts. Do not edit. -->',
    '',
    '```mermaid',
    'stateDiagram-v2',
    `  [*] --> ${first?.[0] ?? ''}`,
    '  [*] --> registered: POST /v1/servers',
    ...arrows,
    '```',
    '',
    'In a resting state a person may act:',
    '',
    '| state | means |',
    '|---|---|',
    ...resting,
    '',
    'In a working state a workflow acts, and only it:',
    '',
    '| state | workflow | must end within | does |',
    '|---|---|---|---|',
    ...working,
    '',
  ].join('\n');
}
