// Tidies the components of the OpenAPI document: each schema is made for input and for output, and most are used for one of them.

/** The part of an OpenAPI document that is tidied. */
type Document = { components?: { schemas?: Record<string, unknown> } };

const REFERENCE = '#/components/schemas/';

/** Drops what nothing refers to; `NewServerInput` becomes `NewServer` where no `NewServer` is left. */
export function tidyComponents<D extends object>(whole: D): D {
  const document: Document = whole;
  const schemas: Record<string, unknown> = { ...document.components?.schemas };
  const { components: _dropped, ...rest } = document;
  const used = referencesIn(rest);
  for (const name of used) for (const inner of referencesIn(schemas[name])) used.add(inner);
  const kept = [...used].filter((name) => Object.hasOwn(schemas, name)).toSorted();
  const renamed = new Map(kept.map((name) => [name, shortName(name, used)]));
  const tidy = {
    ...rest,
    components: { ...document.components, schemas: Object.fromEntries(kept.map((name) => [renamed.get(name), schemas[name]])) },
  };
  return JSON.parse(JSON.stringify(tidy), (key, value) =>
    key === '$ref' && typeof value === 'string' && value.startsWith(REFERENCE)
      ? REFERENCE + (renamed.get(value.slice(REFERENCE.length)) ?? value.slice(REFERENCE.length))
      : value,
  );
}

function shortName(name: string, used: Set<string>): string {
  const short = name.replace(/Input$/, '');
  return used.has(short) ? name : short;
}

function referencesIn(value: unknown): Set<string> {
  const found = new Set<string>();
  JSON.stringify(value, (key, member) => {
    if (key === '$ref' && typeof member === 'string' && member.startsWith(REFERENCE)) found.add(member.slice(REFERENCE.length));
    return member;
  });
  return found;
}
