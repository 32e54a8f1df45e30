-- Unread messages are counted from the log itself: see docs/adr/0020-no-unread-index.md.
DROP INDEX event_unread;
