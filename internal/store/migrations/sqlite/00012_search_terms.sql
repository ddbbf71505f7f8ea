-- +goose Up
-- The table's old name read as if it were about terms of service.
ALTER TABLE user_terms RENAME TO search_terms;
DROP INDEX user_terms_user_idx; -- SQLite can't rename an index
CREATE INDEX search_terms_user_idx ON search_terms (user_id, term, kind);
