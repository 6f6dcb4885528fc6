-- An operator's wish outlives the worker's state: a drained worker that was lost is still drained when it comes back.
ALTER TABLE workers ADD COLUMN drained INTEGER NOT NULL DEFAULT 0;
UPDATE workers SET drained = 1 WHERE state = 3;
