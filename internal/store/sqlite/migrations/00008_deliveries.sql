-- +goose Up
-- Where the host application receives notifications.
CREATE TABLE endpoints (
    environment  TEXT NOT NULL,
    name         TEXT NOT NULL,
    url          TEXT NOT NULL,
    types        TEXT NOT NULL, -- a list; empty for all
    secrets      TEXT NOT NULL, -- a list; empty for one of the configuration
    configured   INTEGER NOT NULL,
    disabled     TEXT NOT NULL, -- why it receives nothing; empty where it is enabled
    position     INTEGER NOT NULL, -- sequence of the last notification that has its delivery
    failures     INTEGER NOT NULL,
    paused_until INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    PRIMARY KEY (environment, name)
) WITHOUT ROWID;

-- The way of each notification to each endpoint. They are made when an endpoint is ready
-- for more: storing a notification costs the same with and without endpoints.
CREATE TABLE deliveries (
    sequence        INTEGER PRIMARY KEY,
    environment     TEXT NOT NULL,
    id              TEXT NOT NULL,
    endpoint        TEXT NOT NULL,
    notification    TEXT NOT NULL, -- its id
    type            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    log             TEXT NOT NULL, -- the last attempts
    created_at      INTEGER NOT NULL,
    finished_at     INTEGER NOT NULL, -- 0 while it waits or is held
    UNIQUE (environment, id)
);
CREATE INDEX deliveries_by_sequence ON deliveries (environment, sequence);
CREATE INDEX deliveries_of_endpoint ON deliveries (environment, endpoint, sequence);
CREATE INDEX deliveries_of_notification ON deliveries (environment, notification, endpoint, sequence);
CREATE INDEX deliveries_waiting ON deliveries (environment, endpoint, next_attempt_at, sequence) WHERE state = 'waiting';
CREATE INDEX deliveries_open ON deliveries (environment, endpoint, subject, sequence) WHERE finished_at = 0;
CREATE INDEX deliveries_failed ON deliveries (environment, endpoint, sequence) WHERE state = 'failed';
