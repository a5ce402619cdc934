-- Half units, enclosures with blades, and one place where everything that fills units of a rack is held apart.

-- Halves are exact in a double: no rounding can make two places touch or overlap.
ALTER TABLE "servers" DROP CONSTRAINT "servers_rack_position";
ALTER TABLE "servers" DROP CONSTRAINT "servers_units";
ALTER TABLE "servers"
  ALTER COLUMN "u_position" SET DATA TYPE DOUBLE PRECISION,
  ALTER COLUMN "u_height" SET DATA TYPE DOUBLE PRECISION,
  ADD COLUMN "enclosure_id" TEXT,
  ADD COLUMN "slot" INTEGER;

-- CreateTable
CREATE TABLE "enclosures" (
    "id" TEXT NOT NULL,
    "site_id" TEXT NOT NULL,
    "rack_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "serial" TEXT,
    "model" TEXT,
    "u_position" DOUBLE PRECISION NOT NULL,
    "u_height" DOUBLE PRECISION NOT NULL DEFAULT 1,
    "face" "face" NOT NULL DEFAULT 'front',
    "slots" INTEGER NOT NULL,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "enclosures_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rack_units" (
    "occupant_id" TEXT NOT NULL,
    "rack_id" TEXT NOT NULL,
    "face" "face" NOT NULL,
    "first_half" INTEGER NOT NULL,
    "end_half" INTEGER NOT NULL,

    CONSTRAINT "rack_units_pkey" PRIMARY KEY ("occupant_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "enclosures_serial_key" ON "enclosures"("serial");

-- CreateIndex
CREATE INDEX "enclosures_rack_id_idx" ON "enclosures"("rack_id");

-- CreateIndex
CREATE UNIQUE INDEX "enclosures_site_id_name_key" ON "enclosures"("site_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "enclosures_site_id_rack_id_id_key" ON "enclosures"("site_id", "rack_id", "id");

-- CreateIndex
CREATE INDEX "servers_enclosure_id_idx" ON "servers"("enclosure_id");

-- AddForeignKey
ALTER TABLE "enclosures" ADD CONSTRAINT "enclosures_site_id_rack_id_fkey" FOREIGN KEY ("site_id", "rack_id") REFERENCES "racks"("site_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
-- With the rack in the key a blade is always in its enclosure's rack: moving the enclosure moves its blades.
ALTER TABLE "servers" ADD CONSTRAINT "servers_site_id_rack_id_enclosure_id_fkey" FOREIGN KEY ("site_id", "rack_id", "enclosure_id") REFERENCES "enclosures"("site_id", "rack_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma cannot say.

ALTER TABLE "servers"
  ADD CONSTRAINT "servers_units" CHECK (
    "u_height" BETWEEN 0.5 AND 60 AND "u_height" * 2 = floor("u_height" * 2)
    AND ("u_position" IS NULL OR ("u_position" BETWEEN 1 AND 60.5 AND "u_position" * 2 = floor("u_position" * 2)))),
  ADD CONSTRAINT "servers_slot_in_enclosure" CHECK (
    ("enclosure_id" IS NULL) = ("slot" IS NULL)
    AND ("enclosure_id" IS NULL OR ("rack_id" IS NOT NULL AND "u_position" IS NULL AND "slot" >= 1)));

-- A retired blade sits there no longer.
CREATE UNIQUE INDEX "servers_enclosure_slot" ON "servers" ("enclosure_id", "slot") WHERE "state" <> 'retired';

ALTER TABLE "enclosures"
  ADD CONSTRAINT "enclosures_slots" CHECK ("slots" BETWEEN 1 AND 128),
  ADD CONSTRAINT "enclosures_units" CHECK (
    "u_height" BETWEEN 0.5 AND 60 AND "u_height" * 2 = floor("u_height" * 2)
    AND "u_position" BETWEEN 1 AND 60.5 AND "u_position" * 2 = floor("u_position" * 2));

-- Servers and enclosures cannot fill the same half unit of a rack's face. Written by the triggers below only.
ALTER TABLE "rack_units" ADD CONSTRAINT "rack_units_taken" EXCLUDE USING gist (
  "rack_id" WITH =,
  "face" WITH =,
  int4range("first_half", "end_half") WITH &&
);

CREATE FUNCTION "fill_rack_units"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM rack_units WHERE occupant_id = OLD.id;
  END IF;
  IF TG_OP = 'DELETE' OR NEW.rack_id IS NULL OR NEW.u_position IS NULL THEN
    RETURN NULL;
  END IF;
  -- A retired server stands there no longer; enclosures have no state.
  IF to_jsonb(NEW)->>'state' = 'retired' THEN
    RETURN NULL;
  END IF;
  INSERT INTO rack_units (occupant_id, rack_id, face, first_half, end_half)
  VALUES (NEW.id, NEW.rack_id, NEW.face, (NEW.u_position * 2)::int, ((NEW.u_position + NEW.u_height) * 2)::int);
  RETURN NULL;
END $$;

CREATE TRIGGER "servers_fill_units_made" AFTER INSERT OR DELETE ON "servers"
  FOR EACH ROW EXECUTE FUNCTION "fill_rack_units"();
CREATE TRIGGER "servers_fill_units_changed" AFTER UPDATE ON "servers" FOR EACH ROW
  WHEN (ROW(OLD.rack_id, OLD.u_position, OLD.u_height, OLD.face, OLD.state = 'retired')
        IS DISTINCT FROM ROW(NEW.rack_id, NEW.u_position, NEW.u_height, NEW.face, NEW.state = 'retired'))
  EXECUTE FUNCTION "fill_rack_units"();
CREATE TRIGGER "enclosures_fill_units" AFTER INSERT OR UPDATE OR DELETE ON "enclosures"
  FOR EACH ROW EXECUTE FUNCTION "fill_rack_units"();

INSERT INTO "rack_units" ("occupant_id", "rack_id", "face", "first_half", "end_half")
SELECT id, rack_id, face, (u_position * 2)::int, ((u_position + u_height) * 2)::int
  FROM "servers" WHERE rack_id IS NOT NULL AND u_position IS NOT NULL AND state <> 'retired';
