-- +goose Up
-- How often working on an event failed, and why it waits or was set aside.
ALTER TABLE events ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- For the metrics: the few that were tried and failed.
CREATE INDEX events_retried ON events (environment, reason) WHERE state = 'waiting' AND tries > 0;
