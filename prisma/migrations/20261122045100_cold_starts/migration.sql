-- Bringing a site back after a blackout, wave by wave.
CREATE TABLE "cold_starts" (
    "id" TEXT NOT NULL,
    "site_id" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "plan" JSONB NOT NULL,
    "accepted_wave" INTEGER NOT NULL DEFAULT 0,
    "paused_because" TEXT,
    "paused_at" TIMESTAMPTZ(3),
    "requested_by" TEXT NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "cold_starts_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "cold_starts_state" CHECK ("state" IN ('running', 'paused', 'succeeded', 'failed', 'cancelled'))
);

CREATE TABLE "cold_start_servers" (
    "cold_start_id" TEXT NOT NULL,
    "server_id" TEXT NOT NULL,
    "tier" TEXT NOT NULL,
    "wave" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "operation_id" TEXT,
    "code" TEXT,
    "begun_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "cold_start_servers_pkey" PRIMARY KEY ("cold_start_id", "server_id"),
    CONSTRAINT "cold_start_servers_state" CHECK ("state" IN ('pending', 'starting', 'on', 'up', 'failed', 'skipped'))
);

-- CreateIndex
CREATE INDEX "cold_starts_site_id_idx" ON "cold_starts"("site_id");

-- One at a time per site.
CREATE UNIQUE INDEX "cold_starts_one_open" ON "cold_starts"("site_id") WHERE "state" IN ('running', 'paused');

-- CreateIndex
CREATE INDEX "cold_start_servers_server_id_idx" ON "cold_start_servers"("server_id");

-- AddForeignKey
ALTER TABLE "cold_starts" ADD CONSTRAINT "cold_starts_site_id_fkey" FOREIGN KEY ("site_id") REFERENCES "sites"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cold_start_servers" ADD CONSTRAINT "cold_start_servers_cold_start_id_fkey" FOREIGN KEY ("cold_start_id") REFERENCES "cold_starts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cold_start_servers" ADD CONSTRAINT "cold_start_servers_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;
