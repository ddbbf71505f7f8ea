-- +goose Up
-- What a success takes back out of the counters of its network and its account: only what its own name and network failed in the time that they count now.
ALTER TABLE login_throttles ADD COLUMN began_at BIGINT NOT NULL DEFAULT 0; -- when the first of the attempts was made
ALTER TABLE login_throttles ADD COLUMN network_began_at BIGINT NOT NULL DEFAULT 0; -- the network's began_at, at the last attempt of this row
ALTER TABLE login_throttles ADD COLUMN network_failed INTEGER NOT NULL DEFAULT 0; -- attempts of this row that were wrong since then
ALTER TABLE login_throttles ADD COLUMN account_began_at BIGINT NOT NULL DEFAULT 0; -- likewise of the account
ALTER TABLE login_throttles ADD COLUMN account_failed INTEGER NOT NULL DEFAULT 0;
