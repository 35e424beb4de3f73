-- +goose Up
-- A page of a list reads as many rows as it shows, however many there are.
CREATE INDEX events_by_sequence ON events (environment, sequence);
CREATE INDEX objects_by_sequence ON objects (environment, sequence);
CREATE INDEX objects_by_id ON objects (environment, id);
CREATE INDEX decisions_by_sequence ON decisions (environment, sequence);
CREATE INDEX actions_by_sequence ON actions (environment, sequence);
CREATE INDEX notifications_by_sequence ON notifications (environment, sequence);
