// The little of YAML that our documents need: quoted scalars and literal blocks. Everything quoted is also JSON, so nothing is guessed.

/** A scalar that no reader takes for a number, a date or a boolean. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** `key: |` and the text below it, `indent` spaces deep. Texts that a literal block cannot hold are quoted. */
export function literalBlock(key: string, text: string, indent: number): string {
  const spaces = ' '.repeat(indent);
  // A leading space would be taken for indentation; without exactly one final newline the chomping would change the text.
  const holds = /^[^\s]/.test(text) && /[^\n]\n$/.test(text) && !/[^\n\t\x20-\x7e]/.test(text);
  if (!holds) return `${spaces}${key}: ${quoted(text)}\n`;
  const body = text
    .slice(0, -1)
    .split('\n')
    .map((line) => (line === '' ? '' : `${spaces}  ${line}`))
    .join('\n');
  return `${spaces}${key}: |\n${body}\n`;
}
