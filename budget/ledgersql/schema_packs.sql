-- Many queries that cost nothing as one row: those of the history's entries first_id to last_id, of which the history has
-- the last alone, with the hashes of both texts. answers is pruned by age; kept is the number of them.
CREATE TABLE packs (
  last_id   BIGINT PRIMARY KEY,
  first_id  BIGINT NOT NULL,
  packed_at BIGINT NOT NULL,
  entries   BYTEA NOT NULL,
  answers   BYTEA,
  kept      BIGINT NOT NULL
);
CREATE INDEX packs_packed_at ON packs (packed_at);
