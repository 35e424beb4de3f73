-- +goose Up
ALTER TABLE events ADD COLUMN headers TEXT NOT NULL DEFAULT 'null';
CREATE INDEX notifications_of_event ON notifications (environment, event_id);
