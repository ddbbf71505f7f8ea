-- +goose Up
-- Text compares by its bytes, which is the default of SQLite.
CREATE TABLE users (
    id                   TEXT PRIMARY KEY,
    create_at            BIGINT NOT NULL,
    update_at            BIGINT NOT NULL,
    delete_at            BIGINT NOT NULL,
    username             TEXT NOT NULL,
    email                TEXT NOT NULL,
    email_verified       BOOLEAN NOT NULL,
    password             TEXT NOT NULL,
    auth_service         TEXT NOT NULL,
    auth_data            TEXT,
    nickname             TEXT NOT NULL,
    first_name           TEXT NOT NULL,
    last_name            TEXT NOT NULL,
    position             TEXT NOT NULL,
    roles                TEXT NOT NULL,
    is_admin             BOOLEAN NOT NULL, -- active and system_admin: what last-admin protection counts
    allow_marketing      BOOLEAN NOT NULL,
    props                TEXT,
    notify_props         TEXT,
    timezone             TEXT,
    locale               TEXT NOT NULL,
    last_password_update BIGINT NOT NULL,
    last_picture_update  BIGINT NOT NULL,
    failed_attempts      INTEGER NOT NULL,
    mfa_active           BOOLEAN NOT NULL,
    mfa_secret           TEXT NOT NULL,
    remote_id            TEXT,
    is_bot               BOOLEAN NOT NULL,
    bot_description      TEXT NOT NULL,
    last_login           BIGINT NOT NULL,
    CONSTRAINT users_username_key UNIQUE (username),
    CONSTRAINT users_email_key UNIQUE (email)
);
CREATE UNIQUE INDEX users_auth_data_key ON users (auth_service, auth_data) WHERE auth_data IS NOT NULL;
CREATE INDEX users_create_at_idx ON users (create_at);
CREATE INDEX users_admin_idx ON users (id) WHERE is_admin;
CREATE INDEX users_page_idx ON users (username, delete_at, is_bot, id); -- pages and counts of the directory, without reading rows
CREATE INDEX users_roles_idx ON users (roles) WHERE roles <> 'system_user'; -- the few that are more or less than that

-- The words that a user is found by; kind says which setting may hide them (see search.go).
CREATE TABLE user_terms (
    term     TEXT NOT NULL,
    username TEXT NOT NULL, -- the order of results, so that no row of users is read to sort
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind     INTEGER NOT NULL,
    PRIMARY KEY (term, username, user_id)
) WITHOUT ROWID;
CREATE INDEX user_terms_user_idx ON user_terms (user_id, term, kind);

CREATE TABLE sessions (
    id               TEXT PRIMARY KEY,
    token_hash       BLOB NOT NULL,
    user_id          TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    create_at        BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    device_id        TEXT NOT NULL,
    roles            TEXT NOT NULL,
    is_oauth         BOOLEAN NOT NULL,
    expired_notify   BOOLEAN NOT NULL,
    props            TEXT,
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX sessions_user_idx ON sessions (user_id, last_activity_at);
CREATE INDEX sessions_expires_idx ON sessions (expires_at) WHERE expires_at > 0;

CREATE TABLE audits (
    id         TEXT PRIMARY KEY,
    create_at  BIGINT NOT NULL,
    user_id    TEXT NOT NULL,
    action     TEXT NOT NULL,
    extra_info TEXT NOT NULL,
    ip_address TEXT NOT NULL,
    session_id TEXT NOT NULL
);
CREATE INDEX audits_user_idx ON audits (user_id, create_at);

CREATE TABLE teams (
    id                TEXT PRIMARY KEY,
    create_at         BIGINT NOT NULL,
    update_at         BIGINT NOT NULL,
    delete_at         BIGINT NOT NULL,
    display_name      TEXT NOT NULL,
    name              TEXT NOT NULL,
    description       TEXT NOT NULL,
    email             TEXT NOT NULL,
    type              TEXT NOT NULL,
    company_name      TEXT NOT NULL,
    allowed_domains   TEXT NOT NULL,
    invite_id         TEXT NOT NULL,
    allow_open_invite BOOLEAN NOT NULL,
    group_constrained BOOLEAN,
    CONSTRAINT teams_name_key UNIQUE (name),
    CONSTRAINT teams_invite_id_key UNIQUE (invite_id)
);

CREATE TABLE team_members (
    team_id        TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    create_at      BIGINT NOT NULL,
    delete_at      BIGINT NOT NULL,
    scheme_guest   BOOLEAN NOT NULL,
    scheme_user    BOOLEAN NOT NULL,
    scheme_admin   BOOLEAN NOT NULL,
    explicit_roles TEXT NOT NULL,
    PRIMARY KEY (team_id, user_id)
) WITHOUT ROWID;
CREATE INDEX team_members_user_idx ON team_members (user_id, team_id, delete_at);

CREATE TABLE channels (
    id                TEXT PRIMARY KEY,
    create_at         BIGINT NOT NULL,
    update_at         BIGINT NOT NULL,
    delete_at         BIGINT NOT NULL,
    team_id           TEXT REFERENCES teams (id) ON DELETE CASCADE, -- NULL for direct and group channels
    type              TEXT NOT NULL,
    display_name      TEXT NOT NULL,
    name              TEXT NOT NULL,
    header            TEXT NOT NULL,
    purpose           TEXT NOT NULL,
    last_post_at      BIGINT NOT NULL, -- of the last membership change: there are no posts
    creator_id        TEXT NOT NULL,
    group_constrained BOOLEAN
);
CREATE UNIQUE INDEX channels_team_name_key ON channels (team_id, name) WHERE team_id IS NOT NULL;
CREATE UNIQUE INDEX channels_direct_name_key ON channels (name) WHERE team_id IS NULL;

CREATE TABLE channel_members (
    channel_id     TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    last_viewed_at BIGINT NOT NULL,
    mention_count  BIGINT NOT NULL,
    notify_props   TEXT,
    last_update_at BIGINT NOT NULL,
    scheme_guest   BOOLEAN NOT NULL,
    scheme_user    BOOLEAN NOT NULL,
    scheme_admin   BOOLEAN NOT NULL,
    explicit_roles TEXT NOT NULL,
    PRIMARY KEY (channel_id, user_id)
) WITHOUT ROWID;
CREATE INDEX channel_members_user_idx ON channel_members (user_id, channel_id);

CREATE TABLE roles (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    display_name   TEXT NOT NULL,
    description    TEXT NOT NULL,
    create_at      BIGINT NOT NULL,
    update_at      BIGINT NOT NULL,
    delete_at      BIGINT NOT NULL,
    permissions    TEXT NOT NULL, -- separated by blanks
    scheme_managed BOOLEAN NOT NULL,
    built_in       BOOLEAN NOT NULL,
    CONSTRAINT roles_name_key UNIQUE (name)
);

CREATE TABLE statuses (
    user_id          TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    status           TEXT NOT NULL,
    manual           BOOLEAN NOT NULL,
    last_activity_at BIGINT NOT NULL,
    dnd_end_time     BIGINT NOT NULL
);

CREATE TABLE preferences (
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    category TEXT NOT NULL,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (user_id, category, name)
) WITHOUT ROWID;

-- What administrators changed in the settings, and marks such as which account was the first.
CREATE TABLE system (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
