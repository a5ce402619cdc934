// Loads @peculiar/x509 when the first certificate is to be read: it costs a fifth of a second and 20 MB.

type X509 = typeof import('@peculiar/x509');

let loading: Promise<X509> | undefined;

export function loadX509(): Promise<X509> {
  provideReflectMetadata();
  loading ??= import('@peculiar/x509');
  return loading;
}

type Metadata = {
  defineMetadata?: (key: unknown, value: unknown, target: object) => void;
  getOwnMetadata?: (key: unknown, target: object) => unknown;
  getMetadata?: (key: unknown, target: object) => unknown;
};

/**
 * The library finds its parts through tsyringe, which refuses to load without these three functions of the
 * reflect-metadata proposal. Where some polyfill gave them already, they stay.
 */
function provideReflectMetadata(): void {
  const reflect = Reflect as Metadata;
  if (reflect.getMetadata) return;
  const tables = new WeakMap<object, Map<unknown, unknown>>();
  reflect.defineMetadata = (key, value, target) => {
    const table = tables.get(target) ?? new Map<unknown, unknown>();
    tables.set(target, table.set(key, value));
  };
  reflect.getOwnMetadata = (key, target) => tables.get(target)?.get(key);
  reflect.getMetadata = (key, target) => {
    for (let at: object | null = target; at; at = Object.getPrototypeOf(at) as object | null) {
      if (tables.get(at)?.has(key)) return tables.get(at)?.get(key);
    }
    return undefined;
  };
}
