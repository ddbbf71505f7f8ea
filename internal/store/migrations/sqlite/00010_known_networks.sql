-- +goose Up
-- Networks in which an account's owner showed who they are: the account's lock does not hold there (docs/adr/0016-login-throttling.md).
CREATE TABLE known_networks (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash       BLOB NOT NULL, -- keyed, of the account and the network: accounts of one network don't show as such
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, hash)
) WITHOUT ROWID;
CREATE INDEX known_networks_expires_at_idx ON known_networks (expires_at);
