-- CreateTable
CREATE TABLE "bmc_readings" (
    "server_id" TEXT NOT NULL,
    "spread" BIGINT NOT NULL,
    "power" TEXT,
    "health" TEXT,
    "seen_at" TIMESTAMPTZ(3),
    "unreachable_since" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "circuit" TEXT NOT NULL DEFAULT 'closed',
    "openings" INTEGER NOT NULL DEFAULT 0,
    "retry_at" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "last_error_at" TIMESTAMPTZ(3),
    "refused_mark" TEXT,
    "log_cursor" JSONB,
    "log_read_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "asked_by" TEXT,
    "asked_until" TIMESTAMPTZ(3),

    CONSTRAINT "bmc_readings_pkey" PRIMARY KEY ("server_id")
);

-- CreateTable
CREATE TABLE "bmc_log_entries" (
    "seq" BIGSERIAL NOT NULL,
    "server_id" TEXT NOT NULL,
    "entry_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3),
    "severity" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "historic" BOOLEAN NOT NULL DEFAULT false,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bmc_log_entries_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "bmc_sweepers" (
    "worker" TEXT NOT NULL,
    "beat_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bmc_sweepers_pkey" PRIMARY KEY ("worker")
);

-- CreateTable
CREATE TABLE "bmc_sweep_shards" (
    "shard" INTEGER NOT NULL,
    "worker" TEXT,
    "until" TIMESTAMPTZ(3),

    CONSTRAINT "bmc_sweep_shards_pkey" PRIMARY KEY ("shard")
);

-- CreateIndex
CREATE INDEX "bmc_log_entries_server_id_seq_idx" ON "bmc_log_entries"("server_id", "seq");

-- AddForeignKey
ALTER TABLE "bmc_readings" ADD CONSTRAINT "bmc_readings_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bmc_log_entries" ADD CONSTRAINT "bmc_log_entries_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say.
CREATE INDEX "bmc_readings_due" ON "bmc_readings" ("due_at") WHERE "due_at" < 'infinity';
ALTER TABLE "bmc_readings" ADD CONSTRAINT "bmc_readings_power" CHECK ("power" IN ('on', 'off', 'powering_on', 'powering_off', 'unknown'));
ALTER TABLE "bmc_readings" ADD CONSTRAINT "bmc_readings_health" CHECK ("health" IN ('ok', 'warning', 'critical', 'unknown'));
ALTER TABLE "bmc_readings" ADD CONSTRAINT "bmc_readings_circuit" CHECK (
  "circuit" IN ('closed', 'open', 'refused') AND ("retry_at" IS NOT NULL) = ("circuit" = 'open') AND ("refused_mark" IS NOT NULL) = ("circuit" = 'refused'));
ALTER TABLE "bmc_log_entries" ADD CONSTRAINT "bmc_log_entries_severity" CHECK ("severity" IN ('warning', 'critical'));
INSERT INTO "bmc_sweep_shards" ("shard") SELECT generate_series(0, 63);
