-- +goose Up
-- Attempts to sign in that are remembered (docs/adr/0016-login-throttling.md). Every key is a keyed hash, so that a row has a fixed size whatever was
-- typed, and says nothing to who reads the table.
CREATE TABLE login_throttles (
    key           BLOB PRIMARY KEY, -- of the kind and of what is counted
    kind          INTEGER NOT NULL, -- store.CounterKind; rows are locked in its order
    subject       BLOB NOT NULL, -- of the account's name, address or id that the row is about, empty for a network
    attempts      INTEGER NOT NULL,
    names         INTEGER NOT NULL,
    delays        INTEGER NOT NULL,
    blocked_until BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX login_throttles_subject_idx ON login_throttles (subject);
CREATE INDEX login_throttles_expires_idx ON login_throttles (expires_at);
