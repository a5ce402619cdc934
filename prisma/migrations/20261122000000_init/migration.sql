-- CreateEnum
CREATE TYPE "server_state" AS ENUM ('discovered', 'registered', 'onboarding', 'onboarding_failed', 'available', 'provisioning', 'provisioning_failed', 'in_service', 'releasing', 'quarantined', 'retired');

-- CreateEnum
CREATE TYPE "face" AS ENUM ('front', 'rear');

-- CreateEnum
CREATE TYPE "firmware_mode" AS ENUM ('uefi', 'bios');

-- CreateEnum
CREATE TYPE "dhcp_mode" AS ENUM ('authoritative', 'pool', 'proxy', 'off');

-- CreateEnum
CREATE TYPE "operation_state" AS ENUM ('running', 'succeeded', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "step_state" AS ENUM ('running', 'waiting', 'done', 'failed', 'undone');

-- CreateTable
CREATE TABLE "sites" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sites_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "racks" (
    "id" TEXT NOT NULL,
    "site_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "height_u" INTEGER NOT NULL DEFAULT 42,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "racks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "power_feeds" (
    "rack_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "amps" INTEGER NOT NULL,

    CONSTRAINT "power_feeds_pkey" PRIMARY KEY ("rack_id","name")
);

-- CreateTable
CREATE TABLE "rack_switches" (
    "rack_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "management_address" INET,

    CONSTRAINT "rack_switches_pkey" PRIMARY KEY ("rack_id","name")
);

-- CreateTable
CREATE TABLE "networks" (
    "id" TEXT NOT NULL,
    "site_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "cidr" INET NOT NULL,
    "gateway" INET,
    "dns" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "domain" TEXT,
    "ntp" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "dhcp" "dhcp_mode" NOT NULL DEFAULT 'authoritative',
    "pool_first" INET,
    "pool_last" INET,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "networks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "servers" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "asset_tag" TEXT,
    "serial" TEXT,
    "state" "server_state" NOT NULL,
    "state_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "version" BIGINT NOT NULL DEFAULT 1,
    "site_id" TEXT NOT NULL,
    "rack_id" TEXT,
    "u_position" INTEGER,
    "u_height" INTEGER NOT NULL DEFAULT 1,
    "face" "face" NOT NULL DEFAULT 'front',
    "firmware_mode" "firmware_mode" NOT NULL DEFAULT 'uefi',
    "network_id" TEXT,
    "address" INET,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "servers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "nics" (
    "mac" TEXT NOT NULL,
    "server_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "boot" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "nics_pkey" PRIMARY KEY ("mac")
);

-- CreateTable
CREATE TABLE "server_bmcs" (
    "server_id" TEXT NOT NULL,
    "protocol" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "port" INTEGER,
    "tls" JSONB,
    "credentials_key_id" TEXT,
    "credentials_nonce" BYTEA,
    "credentials_sealed" BYTEA,

    CONSTRAINT "server_bmcs_pkey" PRIMARY KEY ("server_id")
);

-- CreateTable
CREATE TABLE "accepted_hardware" (
    "server_id" TEXT NOT NULL,
    "inspection" JSONB NOT NULL,
    "operation_id" TEXT NOT NULL,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accepted_hardware_pkey" PRIMARY KEY ("server_id")
);

-- CreateTable
CREATE TABLE "allocations" (
    "server_id" TEXT NOT NULL,
    "cluster_id" TEXT,
    "node_name" TEXT NOT NULL,
    "image_digest" TEXT NOT NULL,
    "root_disk_serial" TEXT NOT NULL,
    "node_uid" TEXT,
    "operation_id" TEXT NOT NULL,
    "allocated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seed_claimed_at" TIMESTAMPTZ(3),
    "phoned_home" JSONB,
    "phoned_home_at" TIMESTAMPTZ(3),

    CONSTRAINT "allocations_pkey" PRIMARY KEY ("server_id")
);

-- CreateTable
CREATE TABLE "images" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "root_partition" INTEGER NOT NULL,
    "seed_partition" INTEGER NOT NULL,
    "os" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "images_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifacts" (
    "name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "path" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifacts_pkey" PRIMARY KEY ("name","version")
);

-- CreateTable
CREATE TABLE "clusters" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "api_endpoint" TEXT NOT NULL,
    "ca" TEXT NOT NULL,
    "kubernetes_version" TEXT NOT NULL,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "credentials_key_id" TEXT,
    "credentials_nonce" BYTEA,
    "credentials_sealed" BYTEA,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "clusters_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operations" (
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "server_id" TEXT NOT NULL,
    "state" "operation_state" NOT NULL DEFAULT 'running',
    "params" JSONB NOT NULL DEFAULT '{}',
    "requested_by" TEXT NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "waiting_for" JSONB,
    "wake_at" TIMESTAMPTZ(3),
    "run_fence" BIGINT NOT NULL DEFAULT 0,
    "run_by" TEXT,
    "run_until" TIMESTAMPTZ(3),
    "signals" BIGINT NOT NULL DEFAULT 0,
    "signals_seen" BIGINT NOT NULL DEFAULT 0,
    "cancel_requested" BOOLEAN NOT NULL DEFAULT false,
    "cancel_requested_by" TEXT,
    "failing" JSONB,
    "error" JSONB,

    CONSTRAINT "operations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operation_steps" (
    "operation_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "state" "step_state" NOT NULL,
    "attempt" INTEGER NOT NULL,
    "result" JSONB,
    "error" JSONB,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "operation_steps_pkey" PRIMARY KEY ("operation_id","name")
);

-- CreateTable
CREATE TABLE "server_leases" (
    "server_id" TEXT NOT NULL,
    "operation_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "acquired_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "server_leases_pkey" PRIMARY KEY ("server_id")
);

-- CreateTable
CREATE TABLE "boot_tickets" (
    "id" TEXT NOT NULL,
    "server_id" TEXT NOT NULL,
    "operation_id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),
    "until" TIMESTAMPTZ(3) NOT NULL,
    "token_hash" TEXT NOT NULL,

    CONSTRAINT "boot_tickets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ticket_inspections" (
    "ticket_id" TEXT NOT NULL,
    "inspection" JSONB NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "boots" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "ticket_inspections_pkey" PRIMARY KEY ("ticket_id")
);

-- CreateTable
CREATE TABLE "instructions" (
    "id" TEXT NOT NULL,
    "ticket_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "deed" JSONB NOT NULL,
    "progress" TEXT NOT NULL DEFAULT '',
    "progress_at" TIMESTAMPTZ(3),
    "result" JSONB,
    "result_at" TIMESTAMPTZ(3),
    "withdrawn_at" TIMESTAMPTZ(3),
    "seed_read_at" TIMESTAMPTZ(3),
    "given_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "instructions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "erasures" (
    "operation_id" TEXT NOT NULL,
    "disk_serial" TEXT NOT NULL,
    "server_id" TEXT NOT NULL,
    "evidence" JSONB NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "erasures_pkey" PRIMARY KEY ("operation_id","disk_serial")
);

-- CreateTable
CREATE TABLE "events" (
    "seq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "subject_kind" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "server_id" TEXT,
    "operation_id" TEXT,
    "version" BIGINT,
    "payload" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "events_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "event_sequence" (
    "only" BOOLEAN NOT NULL DEFAULT true,
    "last_seq" BIGINT NOT NULL DEFAULT 0,
    "pruned" BIGINT NOT NULL DEFAULT 0,
    "epoch" TEXT NOT NULL,

    CONSTRAINT "event_sequence_pkey" PRIMARY KEY ("only")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "principal" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "response" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("principal","method","path","key")
);

-- CreateTable
CREATE TABLE "dhcp_leases" (
    "network_id" TEXT NOT NULL,
    "address" INET NOT NULL,
    "mac" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "dhcp_leases_pkey" PRIMARY KEY ("network_id","address")
);

-- CreateTable
CREATE TABLE "unknown_macs" (
    "mac" TEXT NOT NULL,
    "network_id" TEXT,
    "architecture" TEXT NOT NULL DEFAULT '',
    "vendor_class" TEXT NOT NULL DEFAULT '',
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sightings" BIGINT NOT NULL DEFAULT 1,
    "inspection" JSONB,

    CONSTRAINT "unknown_macs_pkey" PRIMARY KEY ("mac")
);

-- CreateIndex
CREATE UNIQUE INDEX "sites_name_key" ON "sites"("name");

-- CreateIndex
CREATE UNIQUE INDEX "racks_site_id_name_key" ON "racks"("site_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "racks_site_id_id_key" ON "racks"("site_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "networks_site_id_name_key" ON "networks"("site_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "networks_site_id_id_key" ON "networks"("site_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "servers_name_key" ON "servers"("name");

-- CreateIndex
CREATE UNIQUE INDEX "servers_asset_tag_key" ON "servers"("asset_tag");

-- CreateIndex
CREATE UNIQUE INDEX "servers_serial_key" ON "servers"("serial");

-- CreateIndex
CREATE INDEX "servers_state_idx" ON "servers"("state");

-- CreateIndex
CREATE INDEX "servers_rack_id_idx" ON "servers"("rack_id");

-- CreateIndex
CREATE UNIQUE INDEX "servers_network_id_address_key" ON "servers"("network_id", "address");

-- CreateIndex
CREATE INDEX "nics_server_id_idx" ON "nics"("server_id");

-- CreateIndex
CREATE UNIQUE INDEX "allocations_cluster_id_node_name_key" ON "allocations"("cluster_id", "node_name");

-- CreateIndex
CREATE UNIQUE INDEX "images_name_key" ON "images"("name");

-- CreateIndex
CREATE UNIQUE INDEX "images_digest_key" ON "images"("digest");

-- CreateIndex
CREATE UNIQUE INDEX "clusters_name_key" ON "clusters"("name");

-- CreateIndex
CREATE INDEX "operations_server_id_created_at_idx" ON "operations"("server_id", "created_at");

-- CreateIndex
CREATE INDEX "operations_created_at_id_idx" ON "operations"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "operation_steps_operation_id_position_key" ON "operation_steps"("operation_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "server_leases_operation_id_key" ON "server_leases"("operation_id");

-- CreateIndex
CREATE UNIQUE INDEX "boot_tickets_token_hash_key" ON "boot_tickets"("token_hash");

-- CreateIndex
CREATE INDEX "boot_tickets_server_id_idx" ON "boot_tickets"("server_id");

-- CreateIndex
CREATE UNIQUE INDEX "boot_tickets_operation_id_purpose_key" ON "boot_tickets"("operation_id", "purpose");

-- CreateIndex
CREATE UNIQUE INDEX "instructions_ticket_id_name_key" ON "instructions"("ticket_id", "name");

-- CreateIndex
CREATE INDEX "erasures_server_id_idx" ON "erasures"("server_id");

-- CreateIndex
CREATE INDEX "events_server_id_seq_idx" ON "events"("server_id", "seq");

-- CreateIndex
CREATE INDEX "events_subject_id_seq_idx" ON "events"("subject_id", "seq");

-- CreateIndex
CREATE INDEX "events_at_idx" ON "events"("at");

-- CreateIndex
CREATE INDEX "idempotency_keys_expires_at_idx" ON "idempotency_keys"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "dhcp_leases_network_id_mac_key" ON "dhcp_leases"("network_id", "mac");

-- CreateIndex
CREATE INDEX "unknown_macs_last_seen_at_idx" ON "unknown_macs"("last_seen_at");

-- AddForeignKey
ALTER TABLE "racks" ADD CONSTRAINT "racks_site_id_fkey" FOREIGN KEY ("site_id") REFERENCES "sites"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "power_feeds" ADD CONSTRAINT "power_feeds_rack_id_fkey" FOREIGN KEY ("rack_id") REFERENCES "racks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rack_switches" ADD CONSTRAINT "rack_switches_rack_id_fkey" FOREIGN KEY ("rack_id") REFERENCES "racks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "networks" ADD CONSTRAINT "networks_site_id_fkey" FOREIGN KEY ("site_id") REFERENCES "sites"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "servers" ADD CONSTRAINT "servers_site_id_fkey" FOREIGN KEY ("site_id") REFERENCES "sites"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "servers" ADD CONSTRAINT "servers_site_id_rack_id_fkey" FOREIGN KEY ("site_id", "rack_id") REFERENCES "racks"("site_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "servers" ADD CONSTRAINT "servers_site_id_network_id_fkey" FOREIGN KEY ("site_id", "network_id") REFERENCES "networks"("site_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "nics" ADD CONSTRAINT "nics_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "server_bmcs" ADD CONSTRAINT "server_bmcs_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "accepted_hardware" ADD CONSTRAINT "accepted_hardware_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "allocations" ADD CONSTRAINT "allocations_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "allocations" ADD CONSTRAINT "allocations_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "clusters"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operations" ADD CONSTRAINT "operations_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operation_steps" ADD CONSTRAINT "operation_steps_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "server_leases" ADD CONSTRAINT "server_leases_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "server_leases" ADD CONSTRAINT "server_leases_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "boot_tickets" ADD CONSTRAINT "boot_tickets_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "boot_tickets" ADD CONSTRAINT "boot_tickets_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_inspections" ADD CONSTRAINT "ticket_inspections_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "boot_tickets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instructions" ADD CONSTRAINT "instructions_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "boot_tickets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "erasures" ADD CONSTRAINT "erasures_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dhcp_leases" ADD CONSTRAINT "dhcp_leases_network_id_fkey" FOREIGN KEY ("network_id") REFERENCES "networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Two servers cannot fill the same unit of a rack's face. A retired one stands there no longer.
ALTER TABLE "servers" ADD CONSTRAINT "servers_rack_position" EXCLUDE USING gist (
  "rack_id" WITH =,
  "face" WITH =,
  int4range("u_position", "u_position" + "u_height") WITH &&
) WHERE ("rack_id" IS NOT NULL AND "u_position" IS NOT NULL AND "state" <> 'retired');

ALTER TABLE "servers"
  ADD CONSTRAINT "servers_units" CHECK ("u_height" BETWEEN 1 AND 60 AND ("u_position" IS NULL OR "u_position" BETWEEN 1 AND 60)),
  ADD CONSTRAINT "servers_position_needs_rack" CHECK ("u_position" IS NULL OR "rack_id" IS NOT NULL),
  ADD CONSTRAINT "servers_address_needs_network" CHECK ("address" IS NULL OR "network_id" IS NOT NULL),
  ADD CONSTRAINT "servers_serial" CHECK ("serial" IS NOT NULL OR "state" IN ('discovered', 'retired'));

-- Found by everything that is not at rest.
CREATE INDEX "servers_working" ON "servers" ("state_since") WHERE "state" IN ('onboarding', 'provisioning', 'releasing');

ALTER TABLE "racks" ADD CONSTRAINT "racks_height" CHECK ("height_u" BETWEEN 1 AND 60);
ALTER TABLE "power_feeds" ADD CONSTRAINT "power_feeds_amps" CHECK ("amps" BETWEEN 1 AND 1000);

-- An address means one machine: networks of a site do not overlap.
ALTER TABLE "networks"
  ADD CONSTRAINT "networks_no_host_bits" CHECK ("cidr" = network("cidr")::inet AND family("cidr") = 4 AND masklen("cidr") BETWEEN 16 AND 30),
  ADD CONSTRAINT "networks_gateway_inside" CHECK ("gateway" IS NULL OR "gateway" << "cidr"),
  ADD CONSTRAINT "networks_pool_whole" CHECK (("pool_first" IS NULL) = ("pool_last" IS NULL)),
  ADD CONSTRAINT "networks_pool_inside" CHECK ("pool_first" IS NULL OR ("pool_first" << "cidr" AND "pool_last" << "cidr" AND "pool_first" <= "pool_last")),
  ADD CONSTRAINT "networks_no_overlap" EXCLUDE USING gist ("site_id" WITH =, "cidr" inet_ops WITH &&);

ALTER TABLE "nics" ADD CONSTRAINT "nics_mac" CHECK ("mac" ~ '^([0-9a-f]{2}:){5}[0-9a-f]{2}$');
CREATE UNIQUE INDEX "nics_one_boot_nic" ON "nics" ("server_id") WHERE "boot";
ALTER TABLE "unknown_macs" ADD CONSTRAINT "unknown_macs_mac" CHECK ("mac" ~ '^([0-9a-f]{2}:){5}[0-9a-f]{2}$');

-- One BMC, one server.
CREATE UNIQUE INDEX "server_bmcs_endpoint" ON "server_bmcs" ("protocol", "address", (coalesce("port", 0)));
ALTER TABLE "server_bmcs"
  ADD CONSTRAINT "server_bmcs_protocol" CHECK ("protocol" IN ('redfish', 'ipmi')),
  ADD CONSTRAINT "server_bmcs_sealed_whole" CHECK (num_nulls("credentials_key_id", "credentials_nonce", "credentials_sealed") IN (0, 3));
ALTER TABLE "clusters"
  ADD CONSTRAINT "clusters_sealed_whole" CHECK (num_nulls("credentials_key_id", "credentials_nonce", "credentials_sealed") IN (0, 3));

-- At most one workflow per server.
CREATE UNIQUE INDEX "operations_one_running" ON "operations" ("server_id") WHERE "state" = 'running';
-- What the sweep looks for.
CREATE INDEX "operations_due" ON "operations" ("wake_at", "run_until") WHERE "state" = 'running';

CREATE INDEX "boot_tickets_open" ON "boot_tickets" ("server_id") WHERE "closed_at" IS NULL;
CREATE INDEX "instructions_open" ON "instructions" ("ticket_id") WHERE "result" IS NULL AND "withdrawn_at" IS NULL;

INSERT INTO "event_sequence" ("epoch") VALUES (substr(md5(random()::text || clock_timestamp()::text), 1, 8));
ALTER TABLE "event_sequence" ADD CONSTRAINT "event_sequence_only" CHECK ("only");
