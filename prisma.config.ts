// Where Prisma finds the schema and the migrations, and which schema engine it runs.
import { defineConfig } from 'prisma/config';

// Prisma downloads its native engine before every command, which a machine without the internet cannot; ours is in node_modules.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= new URL('./scripts/prisma/schema-engine.mjs', import.meta.url).pathname;
process.env['CHECKPOINT_DISABLE'] ??= '1';

// Prisma's command line takes its configuration from a default export and from nothing else.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? 'postgresql://rackwright@127.0.0.1:5432/rackwright' },
});
