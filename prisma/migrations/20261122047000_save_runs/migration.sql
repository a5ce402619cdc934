-- Numbers the events and adds them. The last thing a transaction does: it holds the one row of event_sequence until the commit.
-- A function, so that Postgres keeps its plan: it is called at the end of nearly every transaction.
CREATE FUNCTION append_events(added JSONB) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
  many INTEGER := jsonb_array_length(added);
  last BIGINT;
BEGIN
  IF many = 0 THEN
    RETURN NULL;
  END IF;
  UPDATE event_sequence SET last_seq = last_seq + many RETURNING last_seq INTO last;
  INSERT INTO events (seq, at, kind, subject_kind, subject_id, server_id, operation_id, version, payload)
  SELECT last - many + e.nth, clock_timestamp(), e.event->>'kind', e.event->'subject'->>'kind', e.event->'subject'->>'id',
         e.event->>'serverId', e.event->>'operationId', (e.event->>'version')::bigint, coalesce(e.event->'payload', '{}')
    FROM jsonb_array_elements(added) WITH ORDINALITY e(event, nth);
  PERFORM pg_notify('rackwright_events', last::text);
  RETURN last;
END $$;

CREATE FUNCTION upsert_steps(of_operation TEXT, steps JSONB) RETURNS VOID LANGUAGE sql AS $$
  INSERT INTO operation_steps (operation_id, name, position, state, attempt, result, error, started_at, deadline_at, updated_at)
  SELECT of_operation, s.step->>'name',
         (SELECT coalesce(max(position), -1) FROM operation_steps WHERE operation_id = of_operation) + s.nth,
         (s.step->>'state')::step_state, (s.step->>'attempt')::integer, s.step->'result', s.step->'error',
         (s.step->>'startedAt')::timestamptz, (s.step->>'deadlineAt')::timestamptz, clock_timestamp()
    FROM jsonb_array_elements(steps) WITH ORDINALITY s(step, nth)
      ON CONFLICT (operation_id, name) DO UPDATE
     SET state = excluded.state, attempt = excluded.attempt, result = excluded.result, error = excluded.error,
         started_at = excluded.started_at, deadline_at = excluded.deadline_at, updated_at = excluded.updated_at
$$;

-- What many runs write, in one transaction: their steps, and whether they go to sleep. Answers for those whose fence still held;
-- the others wrote nothing. Without `patient`, an operation that somebody else has locked is left out as well, so that one that
-- is held up holds up nobody else.
CREATE FUNCTION save_runs(saves JSONB, patient BOOLEAN)
RETURNS TABLE (nth BIGINT, wake_at TIMESTAMPTZ) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  held BIGINT[];
  at_save BIGINT;
  one JSONB;
  operation TEXT;
  news JSONB := '[]';
BEGIN
  IF patient THEN
    PERFORM FROM operations o WHERE o.id IN (SELECT s->>'operationId' FROM jsonb_array_elements(saves) s)
      ORDER BY o.id FOR NO KEY UPDATE;
  END IF;
  SELECT array_agg(l.nth ORDER BY l.nth) INTO held FROM (
    SELECT s.nth
      FROM jsonb_array_elements(saves) WITH ORDINALITY s(save, nth)
      JOIN operations o ON o.id = s.save->>'operationId' AND o.run_fence = (s.save->>'fence')::bigint AND o.state = 'running'
     ORDER BY o.id FOR NO KEY UPDATE OF o SKIP LOCKED) l;

  FOREACH at_save IN ARRAY coalesce(held, '{}') LOOP
    one := saves->(at_save - 1)::integer;
    operation := one->>'operationId';
    PERFORM upsert_steps(operation, one->'steps');
    news := news || (one->'events');
    nth := at_save;
    wake_at := NULL;
    IF one ? 'suspend' THEN
      -- Looking every few seconds is no news; another reason is.
      PERFORM FROM operations o
        WHERE o.id = operation AND o.waiting_for->'code' = one->'suspend'->'waitingFor'->'code'
          AND o.waiting_for->'since' = one->'suspend'->'waitingFor'->'since'
          AND coalesce(o.waiting_for->'facts', '{}') = coalesce(one->'suspend'->'waitingFor'->'facts', '{}');
      IF NOT FOUND THEN
        news := news || (one->'suspend'->'event');
      END IF;
      UPDATE operations o
         SET run_by = NULL, run_until = NULL, waiting_for = one->'suspend'->'waitingFor',
             wake_at = CASE WHEN o.signals > o.signals_seen THEN clock_timestamp()
                            ELSE (one->'suspend'->>'wakeAt')::timestamptz END
       WHERE o.id = operation RETURNING o.wake_at INTO save_runs.wake_at;
    END IF;
    RETURN NEXT;
  END LOOP;
  PERFORM append_events(news);
END $$;

-- The right to advance an operation, and what it did so far. Two statements, each with its own view: the second sees what the run
-- before wrote in the very moment in which the first waited for it.
CREATE FUNCTION claim_run(wanted TEXT, worker TEXT, seconds DOUBLE PRECISION)
RETURNS TABLE (server_id TEXT, workflow TEXT, params JSONB, fence BIGINT, journal JSONB) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  UPDATE operations o
     SET run_fence = o.run_fence + 1, run_by = worker, run_until = clock_timestamp() + make_interval(secs => seconds),
         signals_seen = o.signals, wake_at = NULL
   WHERE o.id = wanted AND o.state = 'running' AND (o.run_until IS NULL OR o.run_until < clock_timestamp());
  IF NOT FOUND THEN
    RETURN;
  END IF;
  UPDATE server_leases l SET expires_at = greatest(l.expires_at, now() + interval '1 day')
   WHERE l.operation_id = wanted AND l.expires_at < now() + interval '12 hours';
  RETURN QUERY SELECT o.server_id, o.type, o.params, o.run_fence, journal_of(wanted) FROM operations o WHERE o.id = wanted;
END $$;

-- Times as ISO 8601 with milliseconds, in UTC: as they were given.
CREATE FUNCTION iso_time(at TIMESTAMPTZ) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

CREATE FUNCTION journal_of(operation TEXT) RETURNS JSONB LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'deadlineAt', iso_time(o.deadline_at), 'cancelRequested', o.cancel_requested, 'failing', o.failing,
    'steps', coalesce((
      SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('error', s.error)) ||
                       CASE WHEN s.result IS NULL OR s.result = 'null' THEN '{}' ELSE jsonb_build_object('result', s.result) END ||
                       jsonb_build_object('name', s.name, 'state', s.state, 'attempt', s.attempt,
                                          'startedAt', iso_time(s.started_at), 'deadlineAt', iso_time(s.deadline_at))
                       ORDER BY s.position)
        FROM operation_steps s WHERE s.operation_id = o.id), '[]'))
    FROM operations o WHERE o.id = operation
$$;
