-- Acts on the approvals of a dataset, in their order: scripts handed in, signatures, revocations, changes of approvers. entry is
-- the history's row, whose note has the body's hash.
CREATE TABLE approval_acts (
  dataset TEXT NOT NULL,
  number  BIGINT NOT NULL,
  kind    TEXT NOT NULL,
  made    BIGINT NOT NULL,
  body    BYTEA NOT NULL,
  entry   BIGINT NOT NULL,
  PRIMARY KEY (dataset, number)
);

-- Runs of approved scripts. Rows are never deleted.
CREATE TABLE script_runs (
  script  BYTEA NOT NULL,
  run     BYTEA NOT NULL,
  begun   BIGINT NOT NULL,
  done    BIGINT NOT NULL,
  stopped BIGINT NOT NULL,
  labels  TEXT NOT NULL,
  PRIMARY KEY (script, run)
);
