-- AlterTable
ALTER TABLE "erasures" ADD COLUMN     "certificate" JSONB,
ADD COLUMN     "digest" TEXT;

-- AlterTable
ALTER TABLE "servers" ADD COLUMN     "retired_as" TEXT;

-- CreateTable
CREATE TABLE "operation_answers" (
    "operation_id" TEXT NOT NULL,
    "question" TEXT NOT NULL,
    "answer" JSONB NOT NULL,
    "answered_by" TEXT NOT NULL,
    "answered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "operation_answers_pkey" PRIMARY KEY ("operation_id","question")
);

-- CreateIndex
CREATE INDEX "erasures_disk_serial_recorded_at_idx" ON "erasures"("disk_serial", "recorded_at");

-- CreateIndex
CREATE INDEX "erasures_recorded_at_idx" ON "erasures"("recorded_at");

-- AddForeignKey
ALTER TABLE "operation_answers" ADD CONSTRAINT "operation_answers_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say.
ALTER TABLE "servers" ADD CONSTRAINT "servers_retired_as" CHECK (
  "retired_as" IS NULL OR ("state" = 'retired' AND "retired_as" IN ('returned_to_vendor', 'scrapped', 'repaired_elsewhere')));
ALTER TABLE "erasures" ADD CONSTRAINT "erasures_certified" CHECK (("certificate" IS NULL) = ("digest" IS NULL));
DROP INDEX "servers_working";
CREATE INDEX "servers_working" ON "servers" ("state_since") WHERE "state" IN ('onboarding', 'provisioning', 'releasing', 'retiring');
