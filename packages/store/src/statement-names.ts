// Names for statements that are sent again and again: Postgres parses each once per connection, and keeps its plan.

/** Server memory per connection, a few kilobytes each. */
const MOST_NAMES = 500;
/** Texts seen once and not again, such as a filter that somebody typed. */
const MOST_SEEN = 1_000;

export type StatementNames = (text: string) => string | undefined;

/** A statement gets its name when it is sent for the second time, so that those that nobody repeats use up none. */
export function statementNames(): StatementNames {
  const names = new Map<string, string>();
  const seen = new Set<string>();
  return (text) => {
    const name = names.get(text);
    if (name !== undefined || names.size >= MOST_NAMES) return name;
    if (!seen.delete(text)) {
      if (seen.size >= MOST_SEEN) seen.clear();
      seen.add(text);
      return undefined;
    }
    names.set(text, `rackwright_${names.size}`);
    return names.get(text);
  };
}
