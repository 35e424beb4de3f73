-- +goose Up
-- Views for reports, with stable names: docs/sql.md describes them, and a test compares it.

CREATE VIEW idem_subjects AS
SELECT
    environment,
    reference_id AS reference,
    verdict,
    nullif(object_type, '') AS object_type,
    nullif(object_id, '') AS object_id,
    nullif(status, '') AS object_status,
    CASE WHEN since <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', since / 1000000, 'unixepoch') || printf('.%06dZ', since % 1000000) END AS since,
    version
FROM subjects;

CREATE VIEW idem_inquiries AS
SELECT
    environment,
    id AS inquiry_id,
    nullif(reference_id, '') AS reference,
    status,
    relationships ->> '$."account"[0].id' AS account_id,
    coalesce(relationships ->> '$."inquiry-template"[0].id', relationships ->> '$."template"[0].id') AS template_id,
    nullif(reviewer, '') AS reviewer_type,
    CASE WHEN created_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', created_at / 1000000, 'unixepoch') || printf('.%06dZ', created_at % 1000000) END AS created_at,
    attributes ->> '$."started-at"' AS started_at,
    attributes ->> '$."completed-at"' AS completed_at,
    attributes ->> '$."failed-at"' AS failed_at,
    attributes ->> '$."marked-for-review-at"' AS marked_for_review_at,
    attributes ->> '$."decisioned-at"' AS decisioned_at,
    attributes ->> '$."expired-at"' AS expired_at,
    CASE WHEN redacted_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', redacted_at / 1000000, 'unixepoch') || printf('.%06dZ', redacted_at % 1000000) END AS redacted_at,
    CASE WHEN as_of <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', as_of / 1000000, 'unixepoch') || printf('.%06dZ', as_of % 1000000) END AS as_of,
    nullif(event_id, '') AS event_id
FROM objects WHERE type = 'inquiry';

CREATE VIEW idem_cases AS
SELECT
    environment,
    id AS case_id,
    nullif(reference_id, '') AS reference,
    status,
    relationships ->> '$."case-template"[0].id' AS template_id,
    CASE WHEN created_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', created_at / 1000000, 'unixepoch') || printf('.%06dZ', created_at % 1000000) END AS created_at,
    attributes ->> '$."resolved-at"' AS resolved_at,
    CASE WHEN redacted_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', redacted_at / 1000000, 'unixepoch') || printf('.%06dZ', redacted_at % 1000000) END AS redacted_at,
    CASE WHEN as_of <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', as_of / 1000000, 'unixepoch') || printf('.%06dZ', as_of % 1000000) END AS as_of,
    nullif(event_id, '') AS event_id
FROM objects WHERE type = 'case';

CREATE VIEW idem_verifications AS
SELECT
    environment,
    id AS verification_id,
    substr(type, 14) AS kind,
    status,
    relationships ->> '$."inquiry"[0].id' AS inquiry_id,
    coalesce(relationships ->> '$."verification-template"[0].id', relationships ->> '$."template"[0].id') AS template_id,
    CASE WHEN created_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', created_at / 1000000, 'unixepoch') || printf('.%06dZ', created_at % 1000000) END AS created_at,
    attributes ->> '$."submitted-at"' AS submitted_at,
    attributes ->> '$."completed-at"' AS completed_at,
    CASE WHEN redacted_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', redacted_at / 1000000, 'unixepoch') || printf('.%06dZ', redacted_at % 1000000) END AS redacted_at,
    CASE WHEN as_of <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', as_of / 1000000, 'unixepoch') || printf('.%06dZ', as_of % 1000000) END AS as_of,
    nullif(event_id, '') AS event_id
FROM objects WHERE type LIKE 'verification/%';

CREATE VIEW idem_reports AS
SELECT
    environment,
    id AS report_id,
    substr(type, 8) AS kind,
    status,
    CASE json_type(attributes, '$."has-match"') WHEN 'true' THEN 1 WHEN 'false' THEN 0 END AS has_match,
    relationships ->> '$."inquiry"[0].id' AS inquiry_id,
    relationships ->> '$."account"[0].id' AS account_id,
    relationships ->> '$."report-template"[0].id' AS template_id,
    CASE WHEN created_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', created_at / 1000000, 'unixepoch') || printf('.%06dZ', created_at % 1000000) END AS created_at,
    attributes ->> '$."completed-at"' AS completed_at,
    CASE WHEN redacted_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', redacted_at / 1000000, 'unixepoch') || printf('.%06dZ', redacted_at % 1000000) END AS redacted_at,
    CASE WHEN as_of <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', as_of / 1000000, 'unixepoch') || printf('.%06dZ', as_of % 1000000) END AS as_of,
    nullif(event_id, '') AS event_id
FROM objects WHERE type LIKE 'report/%';

CREATE VIEW idem_decisions AS
SELECT
    environment,
    id AS decision_id,
    object_type,
    object_id,
    nullif(transition ->> '$.from', '') AS from_status,
    transition ->> '$.to' AS to_status,
    nullif(transition ->> '$.event_id', '') AS event_id,
    result,
    nullif(rule, '') AS rule,
    policy_version,
    nullif(explanation, '') AS explanation,
    nullif(reason, '') AS reason,
    CASE WHEN decided_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', decided_at / 1000000, 'unixepoch') || printf('.%06dZ', decided_at % 1000000) END AS decided_at
FROM decisions;

CREATE VIEW idem_actions AS
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
    CASE WHEN created_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', created_at / 1000000, 'unixepoch') || printf('.%06dZ', created_at % 1000000) END AS created_at,
    CASE WHEN finished_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', finished_at / 1000000, 'unixepoch') || printf('.%06dZ', finished_at % 1000000) END AS finished_at
FROM actions;

CREATE VIEW idem_events AS
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
    CASE WHEN created_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', created_at / 1000000, 'unixepoch') || printf('.%06dZ', created_at % 1000000) END AS created_at,
    CASE WHEN received_at <> 0 THEN strftime('%Y-%m-%dT%H:%M:%S', received_at / 1000000, 'unixepoch') || printf('.%06dZ', received_at % 1000000) END AS received_at
FROM events;

CREATE VIEW idem_relations AS
SELECT
    environment,
    from_type,
    from_id,
    to_type,
    to_id
FROM relations;
