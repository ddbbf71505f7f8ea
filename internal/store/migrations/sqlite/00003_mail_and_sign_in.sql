-- +goose Up
ALTER TABLE sessions ADD COLUMN ip_address TEXT NOT NULL DEFAULT ''; -- where it was signed in from

-- Mails that wait to be sent; a mail that was sent is gone.
CREATE TABLE outbox (
    id           TEXT PRIMARY KEY,
    recipient    TEXT NOT NULL,
    letter       TEXT NOT NULL, -- sealed: it holds links
    create_at    BIGINT NOT NULL,
    give_up_at   BIGINT NOT NULL,
    attempts     INTEGER NOT NULL,
    claims       INTEGER NOT NULL, -- which claim of it is the last one
    next_at      BIGINT NOT NULL, -- when it is due or, while a node is sending it, when that node's claim ends
    set_aside_at BIGINT NOT NULL, -- when it was refused for good or given up, 0 while it waits
    last_error   TEXT NOT NULL
);
CREATE INDEX outbox_due_idx ON outbox (next_at) WHERE set_aside_at = 0;
CREATE INDEX outbox_set_aside_idx ON outbox (set_aside_at) WHERE set_aside_at > 0;

-- Links that somebody asked for, for an address that need not be anybody's.
CREATE TABLE link_requests (
    purpose   TEXT NOT NULL,
    email     TEXT NOT NULL,
    create_at BIGINT NOT NULL,
    asker     TEXT NOT NULL, -- address that it was asked from
    audit     TEXT NOT NULL, -- JSON: who asked, for the history of the account
    PRIMARY KEY (purpose, email)
);
CREATE INDEX link_requests_create_at_idx ON link_requests (create_at);
CREATE INDEX link_requests_asker_idx ON link_requests (asker);

-- Sign-ins that lack a step: the one-time code, the terms of service.
CREATE TABLE sign_ins (
    token_hash    BLOB PRIMARY KEY,
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    password      TEXT NOT NULL, -- what the sign-in was held against; a change of any of the three ends it
    mfa_active    BOOLEAN NOT NULL,
    mfa_secret    TEXT NOT NULL,
    better_hash   TEXT NOT NULL, -- of the same password, '' for none
    factor_passed BOOLEAN NOT NULL,
    return_to     TEXT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX sign_ins_expires_idx ON sign_ins (expires_at);
CREATE INDEX sign_ins_user_idx ON sign_ins (user_id);
