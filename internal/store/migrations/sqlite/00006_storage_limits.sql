-- +goose Up
-- The bytes of an account's files are summed up from the index alone.
DROP INDEX files_user_idx;
CREATE INDEX files_user_idx ON files (user_id, size);
CREATE INDEX sign_ins_user_expires_idx ON sign_ins (user_id, expires_at);
DROP INDEX sign_ins_user_idx;
