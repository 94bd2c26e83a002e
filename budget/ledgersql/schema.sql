-- The ledger's tables, for both stores. Times are nanoseconds since 1970 UTC; ε and ρ are in units of 1e-9, δ of 1e-18.

-- One row: the last entry of the history's chain. Every write transaction locks it first.
CREATE TABLE head (
  one  BIGINT PRIMARY KEY CHECK (one = 1),
  id   BIGINT NOT NULL,
  hash BYTEA NOT NULL
);

-- What an account has spent in its window. analyst = '' is the dataset's account. Rows are never deleted.
CREATE TABLE accounts (
  analyst          TEXT NOT NULL,
  dataset          TEXT NOT NULL,
  window_start     BIGINT NOT NULL,
  window_end       BIGINT NOT NULL,
  spent_epsilon    BIGINT NOT NULL CHECK (spent_epsilon >= 0),
  spent_delta      BIGINT NOT NULL CHECK (spent_delta >= 0),
  spent_rho        BIGINT NOT NULL CHECK (spent_rho >= 0),
  reserved_epsilon BIGINT NOT NULL CHECK (reserved_epsilon >= 0),
  reserved_delta   BIGINT NOT NULL CHECK (reserved_delta >= 0),
  reserved_rho     BIGINT NOT NULL CHECK (reserved_rho >= 0),
  queries          BIGINT NOT NULL CHECK (queries >= 0),
  zcdp_charges     BIGINT NOT NULL,
  no_rho           BIGINT NOT NULL,
  granted_epsilon  BIGINT NOT NULL,
  granted_delta    BIGINT NOT NULL,
  is_set           BIGINT NOT NULL,
  set_epsilon      BIGINT NOT NULL,
  set_delta        BIGINT NOT NULL,
  PRIMARY KEY (analyst, dataset)
);

-- Money put aside by queries that have not ended. id is the history entry's.
CREATE TABLE reservations (
  id              BIGINT PRIMARY KEY,
  process         TEXT NOT NULL,
  analyst         TEXT NOT NULL,
  dataset         TEXT NOT NULL,
  analyst_window  BIGINT NOT NULL,
  analyst_epsilon BIGINT NOT NULL,
  analyst_delta   BIGINT NOT NULL,
  analyst_rho     BIGINT NOT NULL,
  dataset_window  BIGINT NOT NULL,
  dataset_epsilon BIGINT NOT NULL,
  dataset_delta   BIGINT NOT NULL,
  dataset_rho     BIGINT NOT NULL
);
CREATE INDEX reservations_process ON reservations (process);

-- Processes with open reservations; one that was not seen for a lease has vanished.
CREATE TABLE processes (
  id   TEXT PRIMARY KEY NOT NULL,
  seen BIGINT NOT NULL
);

-- Noisy measurements. Measuring the same thing again, when the former is too old to be reused, is another draw.
CREATE TABLE releases (
  draw    BIGINT PRIMARY KEY,
  dataset TEXT NOT NULL,
  id      BYTEA NOT NULL,
  made    BIGINT NOT NULL,
  body    BYTEA NOT NULL
);
CREATE INDEX releases_id ON releases (dataset, id, made);

-- Who paid for a draw, by which history entry. This is also the archive's way from an entry to its released rows.
CREATE TABLE release_payers (
  draw    BIGINT NOT NULL,
  analyst TEXT NOT NULL,
  entry   BIGINT NOT NULL,
  PRIMARY KEY (draw, analyst, entry)
);
CREATE INDEX release_payers_entry ON release_payers (entry);

-- Append-only. ref > 0: this row is the outcome of that entry. hash covers the former row's hash and this row; texts are
-- covered through their digest, so that they can be erased one day without breaking the chain.
CREATE TABLE history (
  id              BIGINT PRIMARY KEY,
  ref             BIGINT NOT NULL,
  made            BIGINT NOT NULL,
  analyst         TEXT NOT NULL,
  dataset         TEXT NOT NULL,
  query           TEXT NOT NULL,
  plan            TEXT NOT NULL,
  epsilon         BIGINT NOT NULL,
  delta           BIGINT NOT NULL,
  rho             BIGINT NOT NULL,
  dataset_epsilon BIGINT NOT NULL,
  dataset_delta   BIGINT NOT NULL,
  dataset_rho     BIGINT NOT NULL,
  outcome         TEXT NOT NULL,
  sqlstate        TEXT NOT NULL,
  duration        BIGINT NOT NULL,
  application     TEXT NOT NULL,
  client          TEXT NOT NULL,
  actor           TEXT NOT NULL,
  note            TEXT NOT NULL,
  digest          BYTEA NOT NULL,
  hash            BYTEA NOT NULL
);
CREATE INDEX history_ref ON history (ref);
CREATE INDEX history_account ON history (analyst, dataset, id);

-- Analysts banned at run time, apart from the configuration.
CREATE TABLE disabled (
  analyst TEXT PRIMARY KEY NOT NULL,
  since   BIGINT NOT NULL
);

-- One query in flight for each analyst, where the owner wants that: expires by itself, and is no ban.
CREATE TABLE leases (
  analyst TEXT PRIMARY KEY NOT NULL,
  holder  TEXT NOT NULL,
  until   BIGINT NOT NULL
);
