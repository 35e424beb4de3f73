-- +goose Up
-- A page of a timeline reads the newest decisions and actions of an object.
DROP INDEX decisions_of_object;
CREATE INDEX decisions_of_object ON decisions (environment, object_id, sequence);
DROP INDEX actions_of_object;
CREATE INDEX actions_of_object ON actions (environment, object_id, sequence);
