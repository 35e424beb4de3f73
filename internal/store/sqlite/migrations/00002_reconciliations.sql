-- +goose Up
CREATE TABLE reconciliations (
    sequence      INTEGER PRIMARY KEY,
    environment   TEXT NOT NULL,
    id            TEXT NOT NULL,
    started_at    INTEGER NOT NULL,
    finished_at   INTEGER NOT NULL,
    from_event    TEXT NOT NULL,
    from_at       INTEGER NOT NULL,
    until         INTEGER NOT NULL,
    cursor        TEXT NOT NULL,
    seen          INTEGER NOT NULL,
    missed        INTEGER NOT NULL,
    history       INTEGER NOT NULL,
    oldest_missed INTEGER NOT NULL,
    oldest_seen   INTEGER NOT NULL,
    lost          INTEGER NOT NULL,
    holder        TEXT NOT NULL,
    held_until    INTEGER NOT NULL,
    UNIQUE (environment, id)
);

-- One at a time.
CREATE UNIQUE INDEX reconciliation_under_way ON reconciliations (environment) WHERE finished_at = 0;
