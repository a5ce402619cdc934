-- Alone: a value can be used only after the transaction that added it.
ALTER TYPE "server_state" ADD VALUE 'remediating';
ALTER TYPE "server_state" ADD VALUE 'degraded';
