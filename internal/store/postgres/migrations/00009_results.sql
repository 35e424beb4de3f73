-- +goose Up
-- The few actions whose result is encrypted again when secrets_key changes.
CREATE INDEX actions_with_result ON actions (environment, sequence) WHERE result <> '';
