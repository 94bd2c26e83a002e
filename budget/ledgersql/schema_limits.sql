-- Queries that an analyst was counted for in one class, in all time. Rows are never deleted.
CREATE TABLE query_counts (
  analyst TEXT NOT NULL,
  dataset TEXT NOT NULL,
  class   TEXT NOT NULL,
  queries BIGINT NOT NULL CHECK (queries >= 0),
  PRIMARY KEY (analyst, dataset, class)
);

-- Places for queries in flight of each analyst, where the owner limits them: they expire by themselves, and are no ban.
-- The former table had room for one place, and was never written.
DROP TABLE leases;
CREATE TABLE leases (
  analyst TEXT NOT NULL,
  place   BIGINT NOT NULL,
  holder  TEXT NOT NULL,
  until   BIGINT NOT NULL,
  PRIMARY KEY (analyst, place)
);
