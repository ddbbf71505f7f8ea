-- +goose Up
ALTER TABLE sessions ADD COLUMN authenticated_at BIGINT NOT NULL DEFAULT 0; -- when its owner last proved who they are
UPDATE sessions SET authenticated_at = create_at;

-- How many mails went in the current period to one recipient, from one sender or to one team; the period begins with its first mail.
CREATE TABLE mail_quotas (
    scope   BLOB PRIMARY KEY, -- SHA-256 of what is counted
    used    INTEGER NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX mail_quotas_ends_at_idx ON mail_quotas (ends_at);
