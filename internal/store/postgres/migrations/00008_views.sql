-- +goose Up
-- Views for reports, with stable names: docs/sql.md describes them, and a test compares it.
--
-- WITH keeps PostgreSQL from passing changes on to the tables. regexp_replace removes the
-- escapes that JSON may contain and texts of PostgreSQL may not: NUL and halves of surrogate
-- pairs. It leaves escaped backslashes.

CREATE VIEW idem_subjects AS
WITH source AS (SELECT environment, reference_id, verdict, object_type, object_id, status, since, version FROM subjects)
SELECT
    environment,
    reference_id AS reference,
    verdict,
    nullif(object_type, '') AS object_type,
    nullif(object_id, '') AS object_id,
    nullif(status, '') AS object_status,
    CASE WHEN since <> 0 THEN timestamptz 'epoch' + since * interval '1 microsecond' END AS since,
    version
FROM source;

CREATE VIEW idem_inquiries AS
WITH source AS (
    SELECT environment, type, id, status, reference_id, created_at, reviewer, as_of, event_id, redacted_at, relationships::json AS relationships,
        regexp_replace(attributes, '(\\\\)|\\u(0000|d[89a-f]..)', '\1', 'gi')::json AS attributes
    FROM objects WHERE type = 'inquiry'
)
SELECT
    environment,
    id AS inquiry_id,
    nullif(reference_id, '') AS reference,
    status,
    relationships -> 'account' -> 0 ->> 'id' AS account_id,
    coalesce(relationships -> 'inquiry-template' -> 0 ->> 'id', relationships -> 'template' -> 0 ->> 'id') AS template_id,
    nullif(reviewer, '') AS reviewer_type,
    CASE WHEN created_at <> 0 THEN timestamptz 'epoch' + created_at * interval '1 microsecond' END AS created_at,
    attributes ->> 'started-at' AS started_at,
    attributes ->> 'completed-at' AS completed_at,
    attributes ->> 'failed-at' AS failed_at,
    attributes ->> 'marked-for-review-at' AS marked_for_review_at,
    attributes ->> 'decisioned-at' AS decisioned_at,
    attributes ->> 'expired-at' AS expired_at,
    CASE WHEN redacted_at <> 0 THEN timestamptz 'epoch' + redacted_at * interval '1 microsecond' END AS redacted_at,
    CASE WHEN as_of <> 0 THEN timestamptz 'epoch' + as_of * interval '1 microsecond' END AS as_of,
    nullif(event_id, '') AS event_id
FROM source;

CREATE VIEW idem_cases AS
WITH source AS (
    SELECT environment, type, id, status, reference_id, created_at, reviewer, as_of, event_id, redacted_at, relationships::json AS relationships,
        regexp_replace(attributes, '(\\\\)|\\u(0000|d[89a-f]..)', '\1', 'gi')::json AS attributes
    FROM objects WHERE type = 'case'
)
SELECT
    environment,
    id AS case_id,
    nullif(reference_id, '') AS reference,
    status,
    relationships -> 'case-template' -> 0 ->> 'id' AS template_id,
    CASE WHEN created_at <> 0 THEN timestamptz 'epoch' + created_at * interval '1 microsecond' END AS created_at,
    attributes ->> 'resolved-at' AS resolved_at,
    CASE WHEN redacted_at <> 0 THEN timestamptz 'epoch' + redacted_at * interval '1 microsecond' END AS redacted_at,
    CASE WHEN as_of <> 0 THEN timestamptz 'epoch' + as_of * interval '1 microsecond' END AS as_of,
    nullif(event_id, '') AS event_id
FROM source;

CREATE VIEW idem_verifications AS
WITH source AS (
    SELECT environment, type, id, status, reference_id, created_at, reviewer, as_of, event_id, redacted_at, relationships::json AS relationships,
        regexp_replace(attributes, '(\\\\)|\\u(0000|d[89a-f]..)', '\1', 'gi')::json AS attributes
    FROM objects WHERE type LIKE 'verification/%'
)
SELECT
    environment,
    id AS verification_id,
    substr(type, 14) AS kind,
    status,
    relationships -> 'inquiry' -> 0 ->> 'id' AS inquiry_id,
    coalesce(relationships -> 'verification-template' -> 0 ->> 'id', relationships -> 'template' -> 0 ->> 'id') AS template_id,
    CASE WHEN created_at <> 0 THEN timestamptz 'epoch' + created_at * interval '1 microsecond' END AS created_at,
    attributes ->> 'submitted-at' AS submitted_at,
    attributes ->> 'completed-at' AS completed_at,
    CASE WHEN redacted_at <> 0 THEN timestamptz 'epoch' + redacted_at * interval '1 microsecond' END AS redacted_at,
    CASE WHEN as_of <> 0 THEN timestamptz 'epoch' + as_of * interval '1 microsecond' END AS as_of,
    nullif(event_id, '') AS event_id
FROM source;

CREATE VIEW idem_reports AS
WITH source AS (
    SELECT environment, type, id, status, reference_id, created_at, reviewer, as_of, event_id, redacted_at, relationships::json AS relationships,
        regexp_replace(attributes, '(\\\\)|\\u(0000|d[89a-f]..)', '\1', 'gi')::json AS attributes
    FROM objects WHERE type LIKE 'report/%'
)
SELECT
    environment,
    id AS report_id,
    substr(type, 8) AS kind,
    status,
    CASE attributes ->> 'has-match' WHEN 'true' THEN true WHEN 'false' THEN false END AS has_match,
    relationships -> 'inquiry' -> 0 ->> 'id' AS inquiry_id,
    relationships -> 'account' -> 0 ->> 'id' AS account_id,
    relationships -> 'report-template' -> 0 ->> 'id' AS template_id,
    CASE WHEN created_at <> 0 THEN timestamptz 'epoch' + created_at * interval '1 microsecond' END AS created_at,
    attributes ->> 'completed-at' AS completed_at,
    CASE WHEN redacted_at <> 0 THEN timestamptz 'epoch' + redacted_at * interval '1 microsecond' END AS redacted_at,
    CASE WHEN as_of <> 0 THEN timestamptz 'epoch' + as_of * interval '1 microsecond' END AS as_of,
    nullif(event_id, '') AS event_id
FROM source;

CREATE VIEW idem_decisions AS
WITH source AS (SELECT environment, id, object_type, object_id, transition::json AS transition, result, rule, policy_version, explanation, reason, decided_at FROM decisions)
SELECT
    environment,
    id AS decision_id,
    object_type,
    object_id,
    nullif(transition ->> 'from', '') AS from_status,
    transition ->> 'to' AS to_status,
    nullif(transition ->> 'event_id', '') AS event_id,
    result,
    nullif(rule, '') AS rule,
    policy_version,
    nullif(explanation, '') AS explanation,
    nullif(reason, '') AS reason,
    CASE WHEN decided_at <> 0 THEN timestamptz 'epoch' + decided_at * interval '1 microsecond' END AS decided_at
FROM source;

CREATE VIEW idem_actions AS
WITH source AS (SELECT environment, id, decision_id, kind, object_type, object_id, arguments, state, attempts, outcome, request_id, created_at, finished_at FROM actions)
SELECT
    environment,
    id AS action_id,
    nullif(decision_id, '') AS decision_id,
    kind,
    nullif(object_type, '') AS object_type,
    nullif(object_id, '') AS object_id,
    arguments,
    state,
    attempts,
    nullif(outcome, '') AS outcome,
    nullif(request_id, '') AS request_id,
    CASE WHEN created_at <> 0 THEN timestamptz 'epoch' + created_at * interval '1 microsecond' END AS created_at,
    CASE WHEN finished_at <> 0 THEN timestamptz 'epoch' + finished_at * interval '1 microsecond' END AS finished_at
FROM source;

CREATE VIEW idem_events AS
WITH source AS (SELECT environment, id, name, object_type, object_id, created_at, received_at, via, state, tries, reason FROM events)
SELECT
    environment,
    id AS event_id,
    name,
    object_type,
    object_id,
    via,
    state,
    tries,
    nullif(reason, '') AS reason,
    CASE WHEN created_at <> 0 THEN timestamptz 'epoch' + created_at * interval '1 microsecond' END AS created_at,
    CASE WHEN received_at <> 0 THEN timestamptz 'epoch' + received_at * interval '1 microsecond' END AS received_at
FROM source;

CREATE VIEW idem_relations AS
WITH source AS (SELECT environment, from_type, from_id, to_type, to_id FROM relations)
SELECT
    environment,
    from_type,
    from_id,
    to_type,
    to_id
FROM source;
