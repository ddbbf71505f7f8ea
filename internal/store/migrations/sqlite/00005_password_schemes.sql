-- +goose Up
-- What other programs hashed passwords with that accounts have, as examples (docs/adr/0017): every refused sign-in does the work of all of them.
CREATE TABLE password_schemes (
    example   TEXT PRIMARY KEY, -- a made-up hash of the scheme and cost
    stored_at BIGINT NOT NULL   -- when such a hash was last given to an account
);
