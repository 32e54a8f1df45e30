// A minimal messenger on Node, `ws` and PostgreSQL, that Pipit is measured against: what one writes first, and correct.
// One process. Each message is one statement, committed before it is acknowledged; then every member gets it.
// It takes and sends frames of Pipit's protocol, so that bytes and clients are the same: `hello` with cursors, `message`.
//
// Standard input: {"people": 2, "conversations": [{"id": "…", "members": [0, 1]}]}. The token of the first is `person-0`.
// DATABASE_URL is an empty database.
import { text } from 'node:stream/consumers';

import pg from 'pg';
import { WebSocketServer } from 'ws';

const PAGE = 200;
const SCHEMA = `
  CREATE TABLE conversation (id uuid PRIMARY KEY, seq bigint NOT NULL DEFAULT 0);
  CREATE TABLE member (conversation uuid NOT NULL, person int NOT NULL, PRIMARY KEY (person, conversation));
  CREATE TABLE message (
    conversation uuid NOT NULL, seq bigint NOT NULL, id uuid NOT NULL UNIQUE, sender int NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), text text NOT NULL, PRIMARY KEY (conversation, seq));`;
const APPEND = {
  name: 'append',
  text: `WITH next AS (UPDATE conversation SET seq = seq + 1 WHERE id = $1 RETURNING seq)
         INSERT INTO message (conversation, seq, id, sender, text)
         SELECT $1, next.seq, $2, $3, $4 FROM next
         RETURNING seq, (extract(epoch FROM at) * 1000)::bigint AS at`,
};
const AFTER = {
  name: 'after',
  text: `SELECT m.seq, m.id, m.sender, (extract(epoch FROM m.at) * 1000)::bigint AS at, m.text
         FROM message m WHERE m.conversation = $1 AND m.seq > $2 ORDER BY m.seq LIMIT ${PAGE}`,
};

const plan = JSON.parse(await text(process.stdin));
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 });
await pool.query(SCHEMA);
const members = new Map();
for (const { id, members: people } of plan.conversations) {
  await pool.query('INSERT INTO conversation (id) VALUES ($1)', [id]);
  await pool.query('INSERT INTO member SELECT $1, unnest($2::int[])', [id, people]);
  members.set(id, new Set(people));
}
const sockets = new Map();

const user = (person) => `0192f000-0000-7000-8000-${person.toString(16).padStart(12, '0')}`;
const event = (conversation, row) => ({
  id: row.id,
  conversation,
  seq: Number(row.seq),
  at: Number(row.at),
  sender: user(row.sender),
  device: user(row.sender),
  body: { type: 'message', content: { kind: 'plain', text: row.text } },
});

async function hello(socket, frame) {
  const person = Number(frame.token.slice('person-'.length));
  socket.person = person;
  // Before the log is read: what comes meanwhile is sent twice, which a client sees by its seq, and not lost.
  sockets.set(person, socket);
  socket.send(
    JSON.stringify({ type: 'welcome', id: frame.id, protocol: frame.protocol, device: user(person) }),
  );
  for (const { conversation, seq } of frame.cursors) {
    if (!members.get(conversation)?.has(person)) continue;
    const { rows } = await pool.query({ ...AFTER, values: [conversation, seq] });
    const events = rows.map((row) => event(conversation, row));
    const last_seq = events.at(-1)?.seq ?? seq;
    socket.send(
      JSON.stringify({ type: 'catch_up', id: frame.id, conversation, events, last_seq, gap: false }),
    );
  }
  socket.send(JSON.stringify({ type: 'synced', id: frame.id }));
}

async function message(socket, { id, message }) {
  const { conversation } = message;
  const people = members.get(conversation);
  if (!people?.has(socket.person)) return socket.close(1008);
  const { text } = message.content;
  const { rows } = await pool.query({ ...APPEND, values: [conversation, message.id, socket.person, text] });
  const seq = Number(rows[0].seq);
  const at = Number(rows[0].at);
  socket.send(JSON.stringify({ type: 'ack', id, message: message.id, conversation, seq, at }));
  const row = { id: message.id, seq, at, sender: socket.person, text };
  const bytes = Buffer.from(JSON.stringify({ type: 'event', ...event(conversation, row) }));
  for (const person of people) sockets.get(person)?.send(bytes, { binary: false });
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 4096, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('close', () => {
    if (sockets.get(socket.person) === socket) sockets.delete(socket.person);
  });
  socket.on('message', (data) => {
    const frame = JSON.parse(data);
    const doing = frame.type === 'hello' ? hello(socket, frame) : message(socket, frame);
    doing.catch((error) => {
      console.error(error);
      socket.terminate();
    });
  });
});
server.on('listening', () => console.log(`Ready at http://127.0.0.1:${server.address().port}`));
