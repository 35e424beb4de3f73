-- +goose Up
-- What a case was about when it got its status, from the event that showed it. A case does
-- not approve what was added later.
ALTER TABLE objects ADD COLUMN coverage TEXT NOT NULL DEFAULT ''; -- JSON; empty for none

-- Earlier versions did not store it. A case is taken to have been about what it is about
-- now, without the inquiries that were created after it was resolved.
UPDATE objects SET coverage = json_object(
    'status', status,
    'resolved', json(iif(strftime('%s', attributes ->> '$."resolved-at"') IS NULL, 'false', 'true')),
    'at', as_of,
    'event_id', event_id,
    'about', json((
        SELECT json_group_array(json_object('type', r.to_type, 'id', r.to_id)) FROM relations r
        WHERE r.environment = objects.environment AND r.from_type = 'case' AND r.from_id = objects.id AND (r.to_type = 'account' OR EXISTS (
            SELECT 1 FROM objects i WHERE i.environment = r.environment AND i.type = r.to_type AND i.id = r.to_id AND i.type = 'inquiry'
            AND i.created_at / 1000000 <= coalesce(CAST(strftime('%s', objects.attributes ->> '$."resolved-at"') AS INTEGER), i.created_at / 1000000)
        ))
    ))
) WHERE type = 'case' AND as_of <> 0;
