-- +goose Up
-- What administrators changed of the settings: one document, whose row is always there so that it can be locked.
CREATE TABLE settings (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    version  BIGINT NOT NULL, -- goes up with each change
    document TEXT NOT NULL -- sealed JSON, '' before the first change
);
INSERT INTO settings (id, version, document) VALUES (1, 0, COALESCE((SELECT value FROM system WHERE name = 'settings'), ''));
DELETE FROM system WHERE name = 'settings';
