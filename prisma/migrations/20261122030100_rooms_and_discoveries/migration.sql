-- Where a rack stands, and which of its units hangs on which port of its switches.
ALTER TABLE "racks" ADD COLUMN "room" TEXT,
ADD COLUMN "row_name" TEXT,
ADD COLUMN "switch_ports" JSONB NOT NULL DEFAULT '{}';

-- Strangers that somebody does not want to see again, and where they were then.
ALTER TABLE "unknown_macs" ADD COLUMN "rejected_at" TIMESTAMPTZ(3),
ADD COLUMN "rejected_by" TEXT,
ADD COLUMN "rejected_network_id" TEXT,
ADD COLUMN "rejected_port" TEXT,
ADD COLUMN "rejected_reason" TEXT;
