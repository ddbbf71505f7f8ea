-- +goose Up
ALTER TABLE outbox RENAME COLUMN letter TO content; -- encrypted: it holds links
ALTER TABLE outbox RENAME COLUMN set_aside_at TO failed_at; -- when it was refused for good or given up, 0 while it waits
DROP INDEX outbox_set_aside_idx;
CREATE INDEX outbox_failed_idx ON outbox (failed_at) WHERE failed_at > 0;
