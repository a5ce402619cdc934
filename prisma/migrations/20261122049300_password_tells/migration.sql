-- A BMC that was never told is told again: what it answered, and how often it was told, is known after a death.
ALTER TABLE "bmc_password_changes" ADD COLUMN "tells" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "answered" BOOLEAN NOT NULL DEFAULT false;
