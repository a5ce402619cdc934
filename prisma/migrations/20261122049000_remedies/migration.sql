-- What the upper rungs of the ladder begin, and what of it waits, beside the decision.
ALTER TABLE "health_decisions" ADD COLUMN     "remedies" JSONB NOT NULL DEFAULT '[]';
