-- An input that only spares work: the job does without it when the parent fails. Of an older schema these are the paths that soups read.
-- Those of a skipped soup stay as they were, so that what skipped it is still something that it needs.
ALTER TABLE edges ADD COLUMN shortcut INTEGER NOT NULL DEFAULT 0;
UPDATE edges SET shortcut = 1 WHERE role GLOB 'path/*' AND job IN (SELECT id FROM jobs WHERE kind = 6 AND state <> 9);
