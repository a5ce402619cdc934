-- A step that gave null is remembered as one that gave null, and null facts of an error stay: a replay sees what the first run saw.
CREATE OR REPLACE FUNCTION journal_of(operation TEXT) RETURNS JSONB LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'deadlineAt', iso_time(o.deadline_at), 'cancelRequested', o.cancel_requested, 'failing', o.failing,
    'steps', coalesce((
      SELECT jsonb_agg(CASE WHEN s.error IS NULL OR s.error = 'null' THEN '{}' ELSE jsonb_build_object('error', s.error) END ||
                       CASE WHEN s.result IS NULL THEN '{}' ELSE jsonb_build_object('result', s.result) END ||
                       jsonb_build_object('name', s.name, 'state', s.state, 'attempt', s.attempt,
                                          'startedAt', iso_time(s.started_at), 'deadlineAt', iso_time(s.deadline_at))
                       ORDER BY s.position)
        FROM operation_steps s WHERE s.operation_id = o.id), '[]'))
    FROM operations o WHERE o.id = operation
$$;
