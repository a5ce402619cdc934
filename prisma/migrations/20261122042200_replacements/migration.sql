-- CreateTable
CREATE TABLE "replacements" (
    "id" TEXT NOT NULL,
    "broken_server_id" TEXT NOT NULL,
    "spare_server_id" TEXT,
    "replacement_order" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "spare_operation_id" TEXT,
    "broken_operation_id" TEXT,
    "tried" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "install" JSONB NOT NULL,
    "drain" JSONB,
    "takes_out_by" TEXT NOT NULL DEFAULT 'release',
    "work_order_id" TEXT,
    "choice" JSONB NOT NULL DEFAULT '{}',
    "requested_by" TEXT NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "waiting_for" JSONB,
    "error" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "replacements_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "replacements_broken_server_id_idx" ON "replacements"("broken_server_id");

-- CreateIndex
CREATE INDEX "replacements_spare_server_id_idx" ON "replacements"("spare_server_id");

-- AddForeignKey
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_broken_server_id_fkey" FOREIGN KEY ("broken_server_id") REFERENCES "servers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_spare_server_id_fkey" FOREIGN KEY ("spare_server_id") REFERENCES "servers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma cannot say.
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_state" CHECK (
  "state" IN ('taking_in', 'taking_out', 'succeeded', 'failed', 'cancelled')
  AND ("finished_at" IS NULL) = ("state" IN ('taking_in', 'taking_out')));
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_takes_out_by" CHECK ("takes_out_by" IN ('release', 'repair'));
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_order" CHECK ("replacement_order" IN ('spare_first', 'broken_first'));
-- One at a time for a broken server, and one owner for a spare.
CREATE UNIQUE INDEX "replacements_running_broken" ON "replacements" ("broken_server_id") WHERE "finished_at" IS NULL;
CREATE UNIQUE INDEX "replacements_running_spare" ON "replacements" ("spare_server_id") WHERE "finished_at" IS NULL;
