// Runs after npm install: generates the Prisma client. Filled by packages/store.
