-- +goose Up
CREATE TABLE events (
    sequence    INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL, -- all moments: microseconds since 1970, UTC
    object_type TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    body        BLOB NOT NULL,    -- compressed with S2
    via         TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    state       TEXT NOT NULL,
    UNIQUE (environment, id)
);
CREATE INDEX events_of_object ON events (environment, object_id, state);
CREATE INDEX events_waiting ON events (environment, state) WHERE state IN ('waiting', 'poison');

CREATE TABLE objects (
    sequence      INTEGER PRIMARY KEY,
    environment   TEXT NOT NULL,
    type          TEXT NOT NULL,
    id            TEXT NOT NULL,
    status        TEXT NOT NULL,
    reference_id  TEXT NOT NULL,
    attributes    TEXT NOT NULL,
    relationships TEXT NOT NULL,
    as_of         INTEGER NOT NULL,
    event_id      TEXT NOT NULL,
    redacted_at   INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    UNIQUE (environment, type, id)
);
CREATE INDEX objects_of_subject ON objects (environment, reference_id) WHERE reference_id <> '';

-- Who points to whom, to find the cases of an inquiry.
CREATE TABLE relations (
    environment TEXT NOT NULL,
    from_type   TEXT NOT NULL,
    from_id     TEXT NOT NULL,
    to_type     TEXT NOT NULL,
    to_id       TEXT NOT NULL,
    PRIMARY KEY (environment, to_type, to_id, from_type, from_id)
) WITHOUT ROWID;
CREATE INDEX relations_from ON relations (environment, from_type, from_id);

CREATE TABLE decisions (
    sequence       INTEGER PRIMARY KEY,
    environment    TEXT NOT NULL,
    id             TEXT NOT NULL,
    object_type    TEXT NOT NULL,
    object_id      TEXT NOT NULL,
    transition     TEXT NOT NULL,
    rule           TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    explanation    TEXT NOT NULL,
    actions        TEXT NOT NULL,
    decided_at     INTEGER NOT NULL,
    UNIQUE (environment, id)
);
CREATE INDEX decisions_of_object ON decisions (environment, object_id);

CREATE TABLE actions (
    sequence        INTEGER PRIMARY KEY,
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
    key_made_at     INTEGER NOT NULL,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    outcome         TEXT NOT NULL,
    request_id      TEXT NOT NULL,
    result          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    finished_at     INTEGER NOT NULL,
    UNIQUE (environment, id),
    UNIQUE (environment, derived_key)
);
CREATE INDEX actions_of_object ON actions (environment, object_id);
CREATE INDEX actions_open ON actions (environment, state);
CREATE INDEX actions_of_decision ON actions (environment, decision_id);

CREATE TABLE notifications (
    sequence    INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (environment, id)
);
CREATE INDEX notifications_of_object ON notifications (environment, object_id);
CREATE INDEX verdicts_of_subject ON notifications (environment, subject, sequence) WHERE verdict <> '';

CREATE TABLE audit (
    environment TEXT NOT NULL,
    sequence    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    what        TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    detail      TEXT NOT NULL,
    hash        TEXT NOT NULL,
    PRIMARY KEY (environment, sequence)
) WITHOUT ROWID;
