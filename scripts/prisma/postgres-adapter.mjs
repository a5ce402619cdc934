// The database as Prisma's schema engine wants it: adapter-pg, with the catalogue's own types and whole scripts let through.
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

// Types that the system catalogue is made of and that adapter-pg refuses, and the plain type to report instead.
const CATALOGUE_TYPES = new Map([
  [18, 25], // "char" as text
  [19, 25], // name
  [22, 25], // int2vector
  [24, 25], // regproc
  [30, 25], // oidvector
  [194, 25], // pg_node_tree
  [1033, 25], // aclitem
  [2205, 25], // regclass
  [2206, 25], // regtype
  [1002, 1009], // "char"[] as text[]
  [1003, 1009], // name[]
  [1006, 1007], // int2vector[] as int4[]
  [1028, 1007], // oid[]
]);
const CHAR = 18;

/** @param {string} url @returns what `bindMigrationAwareSqlAdapterFactory` takes */
export function postgresAdapterFactory(url) {
  const { searchParams } = new URL(url);
  const options = { schema: searchParams.get('schema') ?? undefined };
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connect(connectionFields(url), options),
    connectToShadowDb: () => connectToShadowDatabase(url),
  };
}

/** Fields and not a connection string: pg lets the string's database win, and the shadow database would be the real one. */
function connectionFields(url) {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  return {
    host: searchParams.get('host') ?? hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    max: 4,
  };
}

async function connect(fields, options) {
  const pool = new pg.Pool(fields);
  const adapter = await new PrismaPg(pool, { ...options, disposeExternalPool: true }).connect();
  const queryRaw = adapter.queryRaw;
  adapter.queryRaw = async (query) => {
    const result = await adapter.performIO(query);
    const characters = result.fields.flatMap((field, i) => (field.dataTypeID === CHAR ? [i] : []));
    for (const field of result.fields) field.dataTypeID = CATALOGUE_TYPES.get(field.dataTypeID) ?? field.dataTypeID;
    const answer = await queryRaw.call({ performIO: async () => result, pgOptions: adapter.pgOptions }, query);
    // The engine insists that "char" is a character and not a text.
    for (const i of characters) answer.columnTypes[i] = ColumnTypeEnum.Character;
    return answer;
  };
  // adapter-pg splits scripts at every semicolon, which breaks function bodies and loses the script's implicit transaction.
  adapter.executeScript = async (script) => {
    try {
      await pool.query(script);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

async function connectToShadowDatabase(url) {
  const database = `prisma_migrate_shadow_db_${crypto.randomUUID()}`;
  await onServer(url, (client) => client.query(`CREATE DATABASE "${database}"`));
  const adapter = await connect({ ...connectionFields(url), database }, {});
  const dispose = adapter.dispose.bind(adapter);
  adapter.dispose = async () => {
    await dispose();
    await onServer(url, (client) => client.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`));
  };
  return adapter;
}

/** Runs `use` connected to the server's maintenance database. */
export async function onServer(url, use) {
  return onDatabase({ ...connectionFields(url), database: 'postgres' }, use);
}

export async function probe(url) {
  await onDatabase(connectionFields(url), (client) => client.query('select 1'));
}

/** @returns {string} name of the database that the URL points to */
export function databaseOf(url) {
  return connectionFields(url).database;
}

async function onDatabase(fields, use) {
  const client = new pg.Client(fields);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
