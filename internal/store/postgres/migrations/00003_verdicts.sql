-- +goose Up
DROP INDEX events_waiting;
DROP INDEX events_of_object;
CREATE INDEX events_of_object ON events (environment, object_id, sequence);
CREATE INDEX events_waiting ON events (environment, object_id, sequence, received_at) WHERE state = 'waiting';
CREATE INDEX events_poison ON events (environment, sequence) WHERE state = 'poison';

-- What a verdict needs, so that computing one does not read all attributes.
ALTER TABLE objects ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;      -- of the resource, at Persona
ALTER TABLE objects ADD COLUMN reviewer TEXT NOT NULL DEFAULT '';         -- the type of who decided an inquiry: user, workflow, …
ALTER TABLE objects ADD COLUMN last_reference_id TEXT NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN last_reference_at BIGINT NOT NULL DEFAULT 0;

-- Attributes may hold what PostgreSQL's JSON functions refuse, such as an escaped NUL, and a
-- date may be none.
-- +goose StatementBegin
CREATE FUNCTION pg_temp.created_at(attributes TEXT) RETURNS BIGINT LANGUAGE plpgsql AS $$ BEGIN
    RETURN coalesce((extract(epoch FROM (replace(attributes, '\u0000', '')::json ->> 'created-at')::timestamptz) * 1000000)::bigint, 0);
EXCEPTION WHEN OTHERS THEN
    RETURN 0;
END $$;
-- +goose StatementEnd
UPDATE objects SET
    created_at = pg_temp.created_at(attributes),
    reviewer = coalesce(relationships::json -> 'reviewer' -> 0 ->> 'type', ''),
    last_reference_id = reference_id,
    last_reference_at = CASE WHEN reference_id = '' THEN 0 ELSE as_of END;

CREATE TABLE subjects (
    environment  TEXT NOT NULL,
    reference_id TEXT NOT NULL,
    verdict      TEXT NOT NULL,
    object_type  TEXT NOT NULL,
    object_id    TEXT NOT NULL,
    status       TEXT NOT NULL,
    since        BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    notification BIGINT NOT NULL, -- sequence of the last one that told the verdict
    rules        TEXT NOT NULL,   -- that computed the verdict; empty for none
    PRIMARY KEY (environment, reference_id)
);
CREATE INDEX subjects_by_verdict ON subjects (environment, verdict, since, reference_id);

-- The verdicts that were told. The service evaluates them again when it starts.
INSERT INTO subjects
    SELECT environment, reference_id, 'none', '', '', '', 0, 1, 0, '' FROM objects WHERE reference_id <> '' GROUP BY environment, reference_id;
INSERT INTO subjects
    SELECT n.environment, n.subject, n.verdict, n.object_type, n.object_id, '', n.created_at, 1, n.sequence, '' FROM notifications n
    WHERE n.subject <> '' AND n.sequence IN (SELECT max(sequence) FROM notifications WHERE verdict <> '' GROUP BY environment, subject)
    ON CONFLICT (environment, reference_id) DO UPDATE SET
        verdict = excluded.verdict, object_type = excluded.object_type, object_id = excluded.object_id, since = excluded.since, notification = excluded.notification;
DROP INDEX verdicts_of_subject;

ALTER TABLE decisions ADD COLUMN result TEXT NOT NULL DEFAULT 'decided';
ALTER TABLE decisions ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE decisions ADD COLUMN facts BYTEA NOT NULL DEFAULT ''; -- compressed with S2; empty for none
ALTER TABLE actions ADD COLUMN said TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Who makes calls for an object or an action. A claim ends with its node.
CREATE UNLOGGED TABLE claims (
    environment TEXT NOT NULL,
    type        TEXT NOT NULL,
    id          TEXT NOT NULL,
    token       TEXT NOT NULL,
    node        TEXT NOT NULL,
    again       BOOLEAN NOT NULL, -- somebody else wanted it
    claimed_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (environment, type, id)
);

-- Attributes are compressed on the way of every event. Where PostgreSQL was built without
-- LZ4 they are compressed as before.
-- +goose StatementBegin
DO $$ BEGIN
    ALTER TABLE objects ALTER COLUMN attributes SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END $$;
-- +goose StatementEnd
