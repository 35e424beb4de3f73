-- +goose Up
-- All moments: microseconds since 1970, UTC; zero for none.

-- Which events are known, whatever partition they are in.
CREATE TABLE event_keys (
    environment TEXT NOT NULL,
    id          TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (environment, id)
);

CREATE SEQUENCE event_sequence;

-- Partitions are made by the program, a month each.
CREATE TABLE events (
    sequence    BIGINT NOT NULL DEFAULT nextval('event_sequence'),
    environment TEXT NOT NULL,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    object_type TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    body        BYTEA NOT NULL, -- compressed with S2
    headers     TEXT NOT NULL,
    via         TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    state       TEXT NOT NULL
) PARTITION BY RANGE (received_at);
ALTER TABLE events ALTER COLUMN body SET STORAGE EXTERNAL; -- it is compressed already
CREATE INDEX events_by_sequence ON events (environment, sequence);
CREATE INDEX events_by_id ON events (environment, id);
CREATE INDEX events_of_object ON events (environment, object_id, state);
CREATE INDEX events_waiting ON events (environment, state) WHERE state IN ('waiting', 'poison');
CREATE TABLE events_other PARTITION OF events DEFAULT;

CREATE TABLE objects (
    sequence      BIGINT GENERATED ALWAYS AS IDENTITY,
    environment   TEXT NOT NULL,
    type          TEXT NOT NULL,
    id            TEXT NOT NULL,
    status        TEXT NOT NULL,
    reference_id  TEXT NOT NULL,
    attributes    TEXT NOT NULL,
    relationships TEXT NOT NULL,
    as_of         BIGINT NOT NULL,
    event_id      TEXT NOT NULL,
    redacted_at   BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    PRIMARY KEY (environment, type, id)
);
CREATE UNIQUE INDEX objects_by_sequence ON objects (environment, sequence);
CREATE INDEX objects_by_id ON objects (environment, id);
CREATE INDEX objects_of_subject ON objects (environment, reference_id) WHERE reference_id <> '';

-- Who points to whom, to find the cases of an inquiry.
CREATE TABLE relations (
    environment TEXT NOT NULL,
    from_type   TEXT NOT NULL,
    from_id     TEXT NOT NULL,
    to_type     TEXT NOT NULL,
    to_id       TEXT NOT NULL,
    PRIMARY KEY (environment, to_type, to_id, from_type, from_id)
);
CREATE INDEX relations_from ON relations (environment, from_type, from_id);

CREATE TABLE decisions (
    sequence       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment    TEXT NOT NULL,
    id             TEXT NOT NULL,
    object_type    TEXT NOT NULL,
    object_id      TEXT NOT NULL,
    transition     TEXT NOT NULL,
    rule           TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    explanation    TEXT NOT NULL,
    actions        TEXT NOT NULL,
    decided_at     BIGINT NOT NULL,
    UNIQUE (environment, id)
);
CREATE INDEX decisions_of_object ON decisions (environment, object_id);

CREATE TABLE actions (
    sequence        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment     TEXT NOT NULL,
    id              TEXT NOT NULL,
    decision_id     TEXT NOT NULL,
    kind            TEXT NOT NULL,
    object_type     TEXT NOT NULL,
    object_id       TEXT NOT NULL,
    arguments       TEXT NOT NULL,
    expects         TEXT NOT NULL,
    derived_key     TEXT NOT NULL, -- says that this action is this one, for good
    idempotency_key TEXT NOT NULL, -- goes to Persona; may have to be a new one
    key_made_at     BIGINT NOT NULL,
    state           TEXT NOT NULL,
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    outcome         TEXT NOT NULL,
    request_id      TEXT NOT NULL,
    result          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    finished_at     BIGINT NOT NULL,
    UNIQUE (environment, id),
    UNIQUE (environment, derived_key)
);
CREATE INDEX actions_of_object ON actions (environment, object_id);
CREATE INDEX actions_open ON actions (environment, state);
CREATE INDEX actions_of_decision ON actions (environment, decision_id);

CREATE TABLE notifications (
    sequence    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment TEXT NOT NULL,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (environment, id)
);
CREATE INDEX notifications_of_object ON notifications (environment, object_id);
CREATE INDEX notifications_of_event ON notifications (environment, event_id);
CREATE INDEX verdicts_of_subject ON notifications (environment, subject, sequence) WHERE verdict <> '';

CREATE TABLE audit (
    environment TEXT NOT NULL,
    sequence    BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    actor       TEXT NOT NULL,
    what        TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    detail      TEXT NOT NULL,
    hash        TEXT NOT NULL,
    PRIMARY KEY (environment, sequence)
);

CREATE TABLE reconciliations (
    sequence      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment   TEXT NOT NULL,
    id            TEXT NOT NULL,
    started_at    BIGINT NOT NULL,
    finished_at   BIGINT NOT NULL,
    from_event    TEXT NOT NULL,
    from_at       BIGINT NOT NULL,
    until         BIGINT NOT NULL,
    cursor        TEXT NOT NULL,
    seen          BIGINT NOT NULL,
    missed        BIGINT NOT NULL,
    history       BIGINT NOT NULL,
    oldest_missed BIGINT NOT NULL,
    oldest_seen   BIGINT NOT NULL,
    lost          BOOLEAN NOT NULL,
    holder        TEXT NOT NULL,
    held_until    BIGINT NOT NULL,
    UNIQUE (environment, id)
);

-- One at a time.
CREATE UNIQUE INDEX reconciliation_under_way ON reconciliations (environment) WHERE finished_at = 0;

-- The processes that are at work on this database.
CREATE TABLE nodes (
    id      TEXT PRIMARY KEY,
    seen_at TIMESTAMPTZ NOT NULL
);
