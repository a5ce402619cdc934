-- CreateTable
CREATE TABLE "bmc_password_changes" (
    "id" TEXT NOT NULL,
    "server_id" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'staged',
    "username" TEXT NOT NULL,
    "credentials_key_id" TEXT,
    "credentials_nonce" BYTEA,
    "credentials_sealed" BYTEA,
    "new_tries" INTEGER NOT NULL DEFAULT 0,
    "old_tries" INTEGER NOT NULL DEFAULT 0,
    "new_refused" BOOLEAN NOT NULL DEFAULT false,
    "changed_at" TIMESTAMPTZ(3),
    "began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "bmc_password_changes_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "bmc_password_changes_server_id_ended_at_idx" ON "bmc_password_changes"("server_id", "ended_at");

-- AddForeignKey
ALTER TABLE "bmc_password_changes" ADD CONSTRAINT "bmc_password_changes_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A lease may be held by something that is no operation: it moves no server, and says who it is.
ALTER TABLE "server_leases" ALTER COLUMN "operation_id" DROP NOT NULL;
ALTER TABLE "server_leases" ADD COLUMN "holder" TEXT;

-- What Prisma cannot say.

ALTER TABLE "server_leases" ADD CONSTRAINT "server_leases_one_holder" CHECK (("operation_id" IS NULL) <> ("holder" IS NULL));
ALTER TABLE "bmc_password_changes"
  ADD CONSTRAINT "bmc_password_changes_state" CHECK ("state" IN ('staged', 'changing', 'committed', 'done', 'unchanged', 'in_doubt', 'settled')),
  ADD CONSTRAINT "bmc_password_changes_ended" CHECK (("state" IN ('staged', 'changing', 'committed')) = ("ended_at" IS NULL)),
  -- Nobody may lose the one password that might be the right one.
  ADD CONSTRAINT "bmc_password_changes_sealed" CHECK ("credentials_sealed" IS NOT NULL OR "state" IN ('committed', 'done', 'unchanged', 'settled'));

-- One at a time at each BMC, also while one is in doubt.
CREATE UNIQUE INDEX "bmc_password_changes_one_open" ON "bmc_password_changes" ("server_id") WHERE "state" IN ('staged', 'changing', 'committed', 'in_doubt');
