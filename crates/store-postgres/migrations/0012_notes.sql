-- Notes to oneself: a direct conversation whose two people are the same one.
ALTER TABLE conversation DROP CONSTRAINT conversation_check;
ALTER TABLE conversation ADD CONSTRAINT conversation_pair
    CHECK ((kind = 0) = (low IS NOT NULL) AND (low IS NULL) = (high IS NULL) AND (low <= high) IS NOT FALSE);
