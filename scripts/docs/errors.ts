// Writes docs/errors.md from the error catalogue.
import { ERROR_GROUPS } from '@rackwright/api-contract/errors.ts';
import { WAITING_REASONS } from '@rackwright/api-contract/waiting.ts';
import type { ErrorTable } from '@rackwright/api-contract/errors/entry.ts';

const INTRODUCTION = `# Errors

Written from \`packages/api-contract/src/errors.ts\` by \`npm run docs\`; do not edit.

An error answers a request as a problem (RFC 9457, \`application/problem+json\`) with its \`code\`, or stands on the step of an operation
that met it. *Status* is the HTTP status where it answers a request. *Again* says whether the same thing, unchanged, is worth trying
again; operations do so by themselves.
`;

export function errorsDocument(): string {
  const groups = Object.entries(ERROR_GROUPS).map(([title, table]) => `\n## ${title}\n\n${rowsOf(table)}`);
  return INTRODUCTION + groups.join('') + waitingReasons();
}

function rowsOf(table: ErrorTable): string {
  const rows = Object.entries(table).map(([code, { status, title, detail, toDo, retryable }]) => {
    const cells = [`\`${code}\``, status, `**${title}.** ${detail}`, toDo, retryable ? 'yes' : 'no'];
    return `| ${cells.join(' | ')} |`;
  });
  return `${['| code | status | what | what to do | again |', '|---|---|---|---|---|', ...rows].join('\n')}\n`;
}

function waitingReasons(): string {
  const rows = Object.entries(WAITING_REASONS).map(([code, sentence]) => `| \`${code}\` | ${sentence} |`);
  const told = 'Beside the faults above, which are tried again until the deadline of their step:';
  return `\n## What an operation may wait for\n\n${told}\n\n${['| code | means |', '|---|---|', ...rows].join('\n')}\n`;
}
