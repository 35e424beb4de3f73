-- +goose Up
-- How often working on an event failed, and why it waits or was set aside.
ALTER TABLE events ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- For the metrics: the oldest event that waits, and the few that were tried and failed.
CREATE INDEX events_oldest_waiting ON events (environment, received_at) WHERE state = 'waiting';
CREATE INDEX events_retried ON events (environment, reason) WHERE state = 'waiting' AND tries > 0;
