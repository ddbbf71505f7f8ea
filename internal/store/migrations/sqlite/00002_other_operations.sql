-- +goose Up
ALTER TABLE users ADD COLUMN mfa_pending TEXT NOT NULL DEFAULT ''; -- a sealed secret that no code has proved yet
ALTER TABLE users ADD COLUMN mfa_used_step BIGINT NOT NULL DEFAULT 0; -- RFC 6238 time step of the last code that signed in
ALTER TABLE users ADD COLUMN terms_of_service_id TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN terms_of_service_create_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE recovery_codes (
    user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE access_tokens (
    id           TEXT PRIMARY KEY,
    token_hash   BLOB NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    description  TEXT NOT NULL,
    is_active    BOOLEAN NOT NULL,
    create_at    BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    CONSTRAINT access_tokens_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX access_tokens_user_idx ON access_tokens (user_id, create_at);
CREATE INDEX access_tokens_create_at_idx ON access_tokens (create_at, id);

-- What mailed links carry, each good once.
CREATE TABLE mail_tokens (
    token_hash BLOB PRIMARY KEY,
    purpose    TEXT NOT NULL,
    user_id    TEXT REFERENCES users (id) ON DELETE CASCADE, -- NULL for an invitation
    email      TEXT NOT NULL,
    create_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    extra      TEXT NOT NULL
);
CREATE INDEX mail_tokens_user_idx ON mail_tokens (user_id, purpose);
CREATE INDEX mail_tokens_expires_idx ON mail_tokens (expires_at);

CREATE TABLE bots (
    user_id          TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    owner_id         TEXT NOT NULL,
    last_icon_update BIGINT NOT NULL,
    create_at        BIGINT NOT NULL,
    update_at        BIGINT NOT NULL
);
CREATE INDEX bots_owner_idx ON bots (owner_id);
CREATE INDEX bots_create_at_idx ON bots (create_at, user_id);

CREATE TABLE terms_of_service (
    id        TEXT PRIMARY KEY,
    create_at BIGINT NOT NULL,
    user_id   TEXT NOT NULL,
    text      TEXT NOT NULL
);
CREATE INDEX terms_of_service_create_at_idx ON terms_of_service (create_at);

CREATE TABLE user_groups (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    display_name    TEXT NOT NULL,
    description     TEXT NOT NULL,
    source          TEXT NOT NULL,
    remote_id       TEXT,
    create_at       BIGINT NOT NULL,
    update_at       BIGINT NOT NULL,
    delete_at       BIGINT NOT NULL,
    allow_reference BOOLEAN NOT NULL,
    CONSTRAINT user_groups_name_key UNIQUE (name)
);

CREATE TABLE group_members (
    group_id  TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
    user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    create_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX group_members_user_idx ON group_members (user_id, group_id);

CREATE TABLE group_teams (
    group_id     TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
    team_id      TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    auto_add     BOOLEAN NOT NULL,
    scheme_admin BOOLEAN NOT NULL,
    create_at    BIGINT NOT NULL,
    update_at    BIGINT NOT NULL,
    PRIMARY KEY (group_id, team_id)
);
CREATE INDEX group_teams_team_idx ON group_teams (team_id);

CREATE TABLE group_channels (
    group_id     TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
    channel_id   TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    auto_add     BOOLEAN NOT NULL,
    scheme_admin BOOLEAN NOT NULL,
    create_at    BIGINT NOT NULL,
    update_at    BIGINT NOT NULL,
    PRIMARY KEY (group_id, channel_id)
);
CREATE INDEX group_channels_channel_idx ON group_channels (channel_id);

CREATE TABLE uploads (
    id          TEXT PRIMARY KEY,
    create_at   BIGINT NOT NULL,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_id  TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    filename    TEXT NOT NULL,
    file_size   BIGINT NOT NULL,
    file_offset BIGINT NOT NULL,
    pieces      TEXT NOT NULL -- where what has arrived is kept, in order, separated by blanks
);
CREATE INDEX uploads_user_idx ON uploads (user_id, create_at);
CREATE INDEX uploads_create_at_idx ON uploads (create_at);

CREATE TABLE files (
    id         TEXT PRIMARY KEY,
    create_at  BIGINT NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    extension  TEXT NOT NULL,
    size       BIGINT NOT NULL,
    mime_type  TEXT NOT NULL
);
CREATE INDEX files_user_idx ON files (user_id);

CREATE INDEX audits_create_at_idx ON audits (create_at);
