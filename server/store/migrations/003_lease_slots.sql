-- A lease may hold several slots of its worker: JSON [index, ..] in place of the one index.
ALTER TABLE attempts ADD COLUMN slots TEXT NOT NULL DEFAULT '[]';
UPDATE attempts SET slots = '[' || slot || ']';
ALTER TABLE attempts DROP COLUMN slot;
