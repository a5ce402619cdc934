// The filter of lists, one grammar for API, console and command line:
//
//   filter = term *( AND term )        term  = [NOT] field ( = | != | ~ ) value  |  [NOT] field in ( value *( , value ) )
//   value  = word | "quoted, with \" and \\"                              `~` is a pattern that knows `*` only
//
//   state in (available, in_service) AND rack~"TPE1-R1*" AND label.pool=gpu AND NOT name=TPE1-R12-S09

export type FilterCondition = { field: string; negate: boolean } & (
  | { op: 'in'; values: string[] }
  | { op: 'glob'; pattern: string }
);
export type FilterFault = { at: number; length: number; code: string; problem: string; suggestion?: string };
export type ParsedFilter = { ok: true; conditions: FilterCondition[] } | { ok: false; fault: FilterFault };

/** Which fields there are; a list of words closes the field's values. `label.` stands for every field that begins with it. */
export type FilterFields = Readonly<Record<string, readonly string[] | 'any'>>;

const MAX_TERMS = 40;
const MAX_VALUES = 100;
export const FILTER_MAX_LENGTH = 2_000;

type Token = { kind: 'word' | 'text' | 'mark'; text: string; at: number; length: number };
class Wrong extends Error {
  readonly fault: FilterFault;
  constructor(fault: FilterFault) {
    super(fault.problem);
    this.fault = fault;
  }
}

/** Never throws: what is wrong, and where, is an answer. */
export function parseFilter(text: string, fields: FilterFields): ParsedFilter {
  try {
    if (text.length > FILTER_MAX_LENGTH)
      wrong({ at: FILTER_MAX_LENGTH, length: 1 }, 'too_long', `longer than ${FILTER_MAX_LENGTH} characters`);
    return { ok: true, conditions: readTerms(readTokens(text), fields, text.length) };
  } catch (thrown) {
    if (thrown instanceof Wrong) return { ok: false, fault: thrown.fault };
    throw thrown;
  }
}

function readTerms(tokens: Token[], fields: FilterFields, end: number): FilterCondition[] {
  const conditions: FilterCondition[] = [];
  const next = (wanted: string): Token =>
    tokens.shift() ?? wrong({ at: end, length: 0 }, 'unfinished', `it ends where ${wanted} should be`);
  if (tokens.length === 0) return conditions;
  for (;;) {
    conditions.push(readTerm(next, fields));
    if (conditions.length > MAX_TERMS) wrong({ at: 0, length: end }, 'too_many_terms', `more than ${MAX_TERMS} terms`);
    const joint = tokens.shift();
    if (joint === undefined) return conditions;
    if (joint.kind !== 'word' || joint.text.toUpperCase() !== 'AND') wrong(joint, 'unexpected', 'AND should be here');
  }
}

function readTerm(next: (wanted: string) => Token, fields: FilterFields): FilterCondition {
  let token = next('a field');
  const not = token.kind === 'word' && token.text.toUpperCase() === 'NOT';
  if (not) token = next('a field');
  const known = knownField(token, fields);
  const field = token.text;
  const operator = next('=, !=, ~ or in');
  if (operator.kind === 'mark' && operator.text === '~') {
    return { field, negate: not, op: 'glob', pattern: readValue(next('a pattern'), 'any') };
  }
  if (operator.kind === 'mark' && (operator.text === '=' || operator.text === '!=')) {
    return { field, negate: not !== (operator.text === '!='), op: 'in', values: [readValue(next('a value'), known)] };
  }
  if (operator.kind !== 'word' || operator.text.toLowerCase() !== 'in')
    wrong(operator, 'unexpected', '=, !=, ~ or in should be here');
  return { field, negate: not, op: 'in', values: readValues(next, known) };
}

function readValues(next: (wanted: string) => Token, known: readonly string[] | 'any'): string[] {
  expectMark(next('('), '(');
  const values: string[] = [];
  for (;;) {
    const token = next('a value');
    values.push(readValue(token, known));
    if (values.length > MAX_VALUES) wrong(token, 'too_many_values', `more than ${MAX_VALUES} values`);
    const mark = next(', or )');
    if (mark.kind === 'mark' && mark.text === ')') return values;
    expectMark(mark, ',');
  }
}

function expectMark(token: Token, mark: string): void {
  if (token.kind !== 'mark' || token.text !== mark) wrong(token, 'unexpected', `${mark} should be here`);
}

function readValue(token: Token, known: readonly string[] | 'any'): string {
  if (token.kind === 'mark') wrong(token, 'unexpected', 'a value should be here');
  if (known !== 'any' && !known.includes(token.text)) {
    wrong(token, 'unknown_value', `there is no value ${token.text}`, nearest(token.text, known));
  }
  return token.text;
}

function knownField(token: Token, fields: FilterFields): readonly string[] | 'any' {
  if (token.kind !== 'word') wrong(token, 'unexpected', 'a field should be here');
  const own = Object.hasOwn(fields, token.text) && !token.text.endsWith('.') ? fields[token.text] : undefined;
  const family = Object.keys(fields).find((field) => field.endsWith('.') && token.text.startsWith(field) && token.text !== field);
  const known = own ?? (family === undefined ? undefined : fields[family]);
  return known ?? wrong(token, 'unknown_field', `there is no field ${token.text}`, nearest(token.text, Object.keys(fields)));
}

const TOKEN = /\s*(?:"((?:[^"\\]|\\["\\])*)"|(!=|[=~(),])|([^\s"=~!(),]+))/y;

function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null)
      wrong({ at: from, length: 1 }, 'unexpected', 'this character means nothing here, or a quotation mark is missing');
    const [whole, quoted, mark, word] = match;
    const length = whole.trimStart().length;
    const at = from + whole.length - length;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replace(/\\(["\\])/g, '$1'), at, length });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark, at, length });
    else tokens.push({ kind: 'word', text: word ?? '', at, length });
  }
  return tokens;
}

function wrong(where: { at: number; length: number }, code: string, problem: string, suggestion?: string): never {
  const { at, length } = where;
  throw new Wrong({ at, length, code, problem, ...(suggestion === undefined ? {} : { suggestion }) });
}

/** The known word that is at most two slips away. */
function nearest(word: string, known: readonly string[]): string | undefined {
  return known
    .map((candidate) => ({ candidate, slips: slipsBetween(word.slice(0, 64), candidate) }))
    .filter(({ slips }) => slips <= 2)
    .toSorted((a, b) => a.slips - b.slips)[0]?.candidate;
}

/** Levenshtein's distance. */
function slipsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
}
