-- +goose Up
-- The table's old name read as if it were about terms of service.
ALTER TABLE user_terms RENAME TO search_terms;
ALTER TABLE search_terms RENAME CONSTRAINT user_terms_pkey TO search_terms_pkey;
ALTER TABLE search_terms RENAME CONSTRAINT user_terms_user_id_fkey TO search_terms_user_id_fkey;
ALTER INDEX user_terms_user_idx RENAME TO search_terms_user_idx;
