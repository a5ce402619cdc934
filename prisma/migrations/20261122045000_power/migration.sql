-- What a rack's feeds carry, what servers of a model draw, and who may power on now.
ALTER TABLE "racks"
    ADD COLUMN "power_max_utilisation" INTEGER NOT NULL DEFAULT 80,
    ADD COLUMN "power_redundancy" TEXT NOT NULL DEFAULT 'redundant',
    ADD COLUMN "power_budget_amps" INTEGER,
    ADD COLUMN "power_ons_at_once" INTEGER,
    ADD CONSTRAINT "racks_power" CHECK (
        "power_max_utilisation" BETWEEN 1 AND 100 AND "power_redundancy" IN ('redundant', 'shared')
        AND "power_budget_amps" > 0 AND "power_ons_at_once" > 0);

ALTER TABLE "power_feeds"
    ADD COLUMN "volts" INTEGER NOT NULL DEFAULT 230,
    ADD COLUMN "max_utilisation" INTEGER,
    ADD CONSTRAINT "power_feeds_use" CHECK ("volts" > 0 AND "max_utilisation" BETWEEN 1 AND 100);

ALTER TABLE "hardware_models" ADD COLUMN "power" JSONB;

-- One row per server: what was last ordered or seen of its power, and its place in the line or its grant.
CREATE TABLE "server_power" (
    "server_id" TEXT NOT NULL,
    "power" TEXT,
    "power_at" TIMESTAMPTZ(3),
    "operation_id" TEXT,
    "asked_at" TIMESTAMPTZ(3),
    "granted_at" TIMESTAMPTZ(3),
    "used_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "server_power_pkey" PRIMARY KEY ("server_id"),
    CONSTRAINT "server_power_known" CHECK ("power" IN ('on', 'off') AND ("power" IS NULL) = ("power_at" IS NULL)),
    CONSTRAINT "server_power_grant" CHECK (("granted_at" IS NULL) = ("expires_at" IS NULL))
);

-- CreateIndex
CREATE INDEX "server_power_operation_id_idx" ON "server_power"("operation_id");

-- The line: few wait at any time.
CREATE INDEX "server_power_waiting" ON "server_power"("asked_at") WHERE "granted_at" IS NULL AND "asked_at" IS NOT NULL;

-- AddForeignKey
ALTER TABLE "server_power" ADD CONSTRAINT "server_power_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "server_power" ADD CONSTRAINT "server_power_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operations"("id") ON DELETE SET NULL ON UPDATE CASCADE;
