-- +goose Up
-- Tokens of the API. They belong to no environment.
CREATE TABLE tokens (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    hash         TEXT NOT NULL UNIQUE, -- SHA-256 of the secret
    scopes       TEXT NOT NULL, -- a list
    environment  TEXT NOT NULL, -- empty for all
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    expires_at   BIGINT NOT NULL, -- 0 for never
    last_used_at BIGINT NOT NULL
);

-- Requests of the API with an idempotency key, and their answers.
CREATE TABLE requests (
    token           TEXT NOT NULL, -- its id
    idempotency_key TEXT NOT NULL,
    hash            TEXT NOT NULL, -- of what was requested
    holder          TEXT NOT NULL, -- who handles it
    begun_at        BIGINT NOT NULL,
    status          BIGINT NOT NULL, -- 0 while it is handled
    answer          TEXT NOT NULL, -- empty if it has a secret
    PRIMARY KEY (token, idempotency_key)
);
CREATE INDEX requests_by_age ON requests (begun_at);

-- For the timeline of a subject.
CREATE INDEX audit_of_object ON audit (environment, object_id, sequence) WHERE object_id <> '';
CREATE INDEX notifications_of_subject ON notifications (environment, subject, sequence) WHERE subject <> '';

-- There are few cases among the objects.
CREATE INDEX cases_by_sequence ON objects (environment, sequence) WHERE type = 'case';
