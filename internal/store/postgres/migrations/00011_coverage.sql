-- +goose Up
-- What a case was about when it got its status, from the event that showed it. A case does
-- not approve what was added later.
ALTER TABLE objects ADD COLUMN coverage TEXT NOT NULL DEFAULT ''; -- JSON; empty for none

-- Attributes may hold what PostgreSQL's JSON functions refuse, such as an escaped NUL, and a
-- date may be none.
-- +goose StatementBegin
CREATE FUNCTION pg_temp.resolved_at(attributes TEXT) RETURNS BIGINT LANGUAGE plpgsql AS $$ BEGIN
    RETURN floor(extract(epoch FROM (replace(attributes, '\u0000', '')::json ->> 'resolved-at')::timestamptz));
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- Earlier versions did not store it. A case is taken to have been about what it is about
-- now, without the inquiries that were created after it was resolved.
UPDATE objects SET coverage = json_build_object(
    'status', status,
    'resolved', pg_temp.resolved_at(attributes) IS NOT NULL,
    'at', as_of,
    'event_id', event_id,
    'about', coalesce((
        SELECT json_agg(json_build_object('type', r.to_type, 'id', r.to_id)) FROM relations r
        WHERE r.environment = objects.environment AND r.from_type = 'case' AND r.from_id = objects.id AND (r.to_type = 'account' OR EXISTS (
            SELECT 1 FROM objects i WHERE i.environment = r.environment AND i.type = r.to_type AND i.id = r.to_id AND i.type = 'inquiry'
            AND i.created_at / 1000000 <= coalesce(pg_temp.resolved_at(objects.attributes), i.created_at / 1000000)
        ))
    ), '[]'::json)
)::text WHERE type = 'case' AND as_of <> 0;
