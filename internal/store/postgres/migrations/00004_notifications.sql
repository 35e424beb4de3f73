-- +goose Up
-- Types of notifications are named after what they are about, and the notifications of a
-- subject are numbered.
UPDATE notifications SET name = 'subject.verdict_changed' WHERE name = 'verdict.changed';
ALTER TABLE notifications RENAME COLUMN name TO type;
ALTER TABLE notifications ADD COLUMN subject_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notifications ADD COLUMN status TEXT NOT NULL DEFAULT '';
ALTER TABLE notifications ADD COLUMN source TEXT NOT NULL DEFAULT ''; -- the id of the action or decision, or the name of the endpoint, that it tells of
ALTER TABLE notifications ADD COLUMN reason TEXT NOT NULL DEFAULT '';
UPDATE notifications SET subject_sequence = numbered.number
    FROM (SELECT sequence, row_number() OVER (PARTITION BY environment, subject ORDER BY sequence) AS number FROM notifications WHERE subject <> '') AS numbered
    WHERE numbered.sequence = notifications.sequence;
ALTER TABLE subjects ADD COLUMN notified BIGINT NOT NULL DEFAULT 0; -- how many notifications were about it
UPDATE subjects SET notified = counted.number
    FROM (SELECT environment, subject, max(subject_sequence) AS number FROM notifications WHERE subject <> '' GROUP BY environment, subject) AS counted
    WHERE counted.environment = subjects.environment AND counted.subject = subjects.reference_id;

-- A client that reads forward reads its own environment's rows alone.
CREATE INDEX notifications_by_sequence ON notifications (environment, sequence);
