-- States, kinds and error classes are the numbers of common/domain/enums.def. Times are milliseconds since 1970 UTC,
-- 0 = not yet. An optional reference is NULL when there is none. Lists and maps that are never searched are JSON.

-- Texts that many rows repeat (parts of job specs, lists of inputs), each kept once.
CREATE TABLE texts (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  content TEXT NOT NULL
) STRICT;

CREATE TABLE sweeps (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  labels TEXT NOT NULL,
  source TEXT NOT NULL,
  resolved TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  idempotency_key TEXT UNIQUE,
  retries TEXT NOT NULL,
  max_parallel INTEGER NOT NULL,
  max_failures INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
  created INTEGER NOT NULL,
  finished INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  sweep INTEGER NOT NULL REFERENCES sweeps,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  variant TEXT NOT NULL,
  seed INTEGER NOT NULL,
  settings TEXT NOT NULL,
  train_job INTEGER REFERENCES jobs DEFERRABLE INITIALLY DEFERRED,
  trainable_parameters INTEGER NOT NULL,
  base_parameters INTEGER NOT NULL,
  UNIQUE (sweep, name)
) STRICT;

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  sweep INTEGER NOT NULL REFERENCES sweeps,
  run INTEGER REFERENCES runs,
  kind INTEGER NOT NULL CHECK (kind >= 1),
  name TEXT NOT NULL,
  spec TEXT NOT NULL,                             -- \x01<id of a text>\x01 stands for that text
  fingerprint TEXT NOT NULL,
  inputs INTEGER NOT NULL REFERENCES texts,       -- JSON [[name, digest], ..]
  bundle_key TEXT NOT NULL,
  cost REAL NOT NULL,
  slots INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 9),
  attempt INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  free_failures INTEGER NOT NULL,
  reused_from INTEGER REFERENCES jobs DEFERRABLE INITIALLY DEFERRED,
  cause INTEGER REFERENCES jobs DEFERRABLE INITIALLY DEFERRED,
  error INTEGER NOT NULL CHECK (error >= 1),
  error_message TEXT NOT NULL,
  summary TEXT NOT NULL,
  worker TEXT NOT NULL,
  created INTEGER NOT NULL,
  ready_at INTEGER NOT NULL,
  started INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  retry_at INTEGER NOT NULL,
  UNIQUE (sweep, name)
) STRICT;
CREATE INDEX jobs_by_state ON jobs (sweep, state);

-- A second guard below the scheduler's own: whatever is asked, a result that was acknowledged stays, and the fence never falls.
CREATE TRIGGER succeeded_is_final BEFORE UPDATE ON jobs WHEN OLD.state = 6
BEGIN
  SELECT RAISE(ABORT, 'a job that succeeded never changes');
END;
CREATE TRIGGER attempts_never_fall BEFORE UPDATE ON jobs WHEN NEW.attempt < OLD.attempt
BEGIN
  SELECT RAISE(ABORT, 'the attempt number of a job never falls');
END;

CREATE TABLE edges (
  job INTEGER NOT NULL REFERENCES jobs,
  position INTEGER NOT NULL,
  role TEXT NOT NULL,
  parent INTEGER NOT NULL REFERENCES jobs DEFERRABLE INITIALLY DEFERRED,
  artifact TEXT NOT NULL,
  PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
  job INTEGER NOT NULL REFERENCES jobs,
  position INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  meta TEXT NOT NULL,
  PRIMARY KEY (job, position),
  UNIQUE (job, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  job INTEGER NOT NULL REFERENCES jobs,
  attempt INTEGER NOT NULL,
  lease INTEGER NOT NULL,
  worker TEXT NOT NULL,
  slot INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  closed INTEGER,                                 -- NULL = open
  outcome TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (job, attempt)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_open_attempt ON attempts (job) WHERE closed IS NULL;
CREATE INDEX attempts_by_lease ON attempts (lease);

CREATE TABLE checkpoints (
  job INTEGER NOT NULL REFERENCES jobs,
  step INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  metrics TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  meta TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (job, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE metrics (
  job INTEGER NOT NULL REFERENCES jobs,
  series INTEGER NOT NULL REFERENCES series,
  step INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  value REAL,                                     -- NULL = not a number
  PRIMARY KEY (job, series, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE logs (
  id INTEGER PRIMARY KEY,                         -- order of arrival, the reader's cursor
  job INTEGER NOT NULL REFERENCES jobs,
  attempt INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (job, attempt, seq)
) STRICT;
CREATE INDEX logs_by_job ON logs (job);

-- History for people: kept whatever happens to what it speaks of, so without references.
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  sweep INTEGER,
  job INTEGER,
  attempt INTEGER NOT NULL,
  worker TEXT NOT NULL,
  type TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_sweep ON events (sweep);
CREATE INDEX events_by_job ON events (job);

CREATE TABLE workers (
  id TEXT PRIMARY KEY,
  session TEXT NOT NULL,
  host TEXT NOT NULL,
  version TEXT NOT NULL,
  pid INTEGER NOT NULL,
  slots TEXT NOT NULL,                            -- JSON [[index, device, [cpus]], ..]
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
  joined INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Content of small artifacts, under its own SHA-256.
CREATE TABLE blobs (
  digest TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  content BLOB NOT NULL,
  CHECK (length(content) = size)
) STRICT;
