-- Who has taken whom out of a conversation: asked by whoever comes back to one that they are not in any more.
CREATE INDEX event_removal ON event (conversation, json_extract(body, '$.user'), seq) WHERE kind = 3;
