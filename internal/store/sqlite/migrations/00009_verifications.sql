-- +goose Up
-- How far each subject is in each flow. Field values and links are not stored.
CREATE TABLE verifications (
    sequence        INTEGER PRIMARY KEY,
    environment     TEXT NOT NULL,
    id              TEXT NOT NULL,
    reference_id    TEXT NOT NULL,
    flow            TEXT NOT NULL,
    inquiry         TEXT NOT NULL, -- the newest; empty if there is none yet
    attempts        INTEGER NOT NULL, -- inquiries since the last reset or approval
    starts          INTEGER NOT NULL, -- inquiries that were ever requested
    earlier         TEXT NOT NULL, -- the inquiries before the newest
    starting        INTEGER NOT NULL, -- it is not known whether a requested inquiry exists
    idempotency_key TEXT NOT NULL,
    key_made_at     INTEGER NOT NULL,
    spent_at        INTEGER NOT NULL, -- since when the key cannot be used; 0 if it can
    renewed         INTEGER NOT NULL, -- reset, and not started since
    reset_at        INTEGER NOT NULL,
    started_at      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    UNIQUE (environment, id),
    UNIQUE (environment, reference_id, flow)
);
CREATE INDEX verifications_by_sequence ON verifications (environment, sequence);
CREATE INDEX verifications_of_flow ON verifications (environment, flow, sequence);
