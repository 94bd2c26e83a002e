-- Answers as they were given. entry is the history's, size the number of rows. Pruned by age; the history keeps their hashes.
CREATE TABLE answers (
  entry   BIGINT PRIMARY KEY,
  analyst TEXT NOT NULL,
  dataset TEXT NOT NULL,
  made    BIGINT NOT NULL,
  size    BIGINT NOT NULL,
  body    BYTEA NOT NULL
);
CREATE INDEX answers_made ON answers (made);
CREATE INDEX releases_made ON releases (made);
