//! Frames of RFC 6455, section 5, as a server reads and writes them: bytes in, messages out, no I/O.

/// The longest payload of a control frame (section 5.5).
const CONTROL_BYTES_MAX: usize = 125;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// Something that the client has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A text message, whole.
    Text(String),
    /// A ping, with what a pong repeats.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// It closes, with this status code where it gives one.
    Close(Option<u16>),
}

/// What the client has done wrong: nothing that follows can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// A message longer than allowed. Its bytes are not read.
    #[error("a message is too long")]
    TooLarge,
    /// A text that is not UTF-8.
    #[error("a text is not UTF-8")]
    InvalidText,
    /// A binary message.
    #[error("a binary message")]
    Binary,
    /// A frame that RFC 6455 does not allow.
    #[error("{0}")]
    Protocol(&'static str),
}

/// Makes messages of bytes, however they are split. Holds no memory between messages.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// What was fed and is not decoded, from `start` on.
    buffer: Vec<u8>,
    start: usize,
    /// The text of a message whose last frame has not come.
    fragments: Option<Vec<u8>>,
    message_bytes_max: usize,
}

struct Header {
    fin: bool,
    opcode: u8,
    mask: [u8; 4],
    len: usize,
    /// How long the header itself is.
    own_len: usize,
}

impl Decoder {
    pub(crate) const fn new(message_bytes_max: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            fragments: None,
            message_bytes_max,
        }
    }

    /// Takes bytes as they came.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Gives back the memory that a burst has left, where nothing waits in it.
    pub(crate) fn rest(&mut self) {
        if self.start >= self.buffer.len() {
            self.buffer = Vec::new();
            self.start = 0;
        }
    }

    /// The next message, where the bytes for it are there.
    pub(crate) fn next(&mut self) -> Result<Option<Incoming>, Violation> {
        loop {
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let begin = self.start + header.own_len;
            let Some(payload) = self.buffer.get_mut(begin..begin + header.len) else {
                return Ok(None);
            };
            unmask(payload, header.mask);
            self.start = begin + header.len;
            match header.opcode {
                TEXT if header.fin => return Ok(Some(Incoming::Text(text(payload.to_vec())?))),
                TEXT => self.fragments = Some(payload.to_vec()),
                CONTINUATION => {
                    let Some(mut fragments) = self.fragments.take() else {
                        return Err(Violation::Protocol("a continuation of nothing"));
                    };
                    fragments.extend_from_slice(payload);
                    if header.fin {
                        return Ok(Some(Incoming::Text(text(fragments)?)));
                    }
                    self.fragments = Some(fragments);
                }
                PING => return Ok(Some(Incoming::Ping(payload.to_vec()))),
                PONG => return Ok(Some(Incoming::Pong)),
                _ => return close(payload).map(|code| Some(Incoming::Close(code))),
            }
        }
    }

    /// Reads the next header, and refuses what it announces before any of it has come.
    fn header(&self) -> Result<Option<Header>, Violation> {
        let bytes = self.buffer.get(self.start..).unwrap_or_default();
        let &[first, second, ref rest @ ..] = bytes else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(Violation::Protocol("a reserved bit is set"));
        }
        if second & MASKED == 0 {
            return Err(Violation::Protocol("a client's frame is not masked"));
        }
        let (len, rest, len_len) = match second & !MASKED {
            126 => {
                let Some((len, rest)) = rest.split_first_chunk::<2>() else {
                    return Ok(None);
                };
                (u64::from(u16::from_be_bytes(*len)), rest, 2)
            }
            127 => {
                let Some((len, rest)) = rest.split_first_chunk::<8>() else {
                    return Ok(None);
                };
                (u64::from_be_bytes(*len), rest, 8)
            }
            len => (u64::from(len), rest, 0),
        };
        let (fin, opcode) = (first & FIN != 0, first & 0x0F);
        let len = usize::try_from(len).map_err(|_| Violation::TooLarge)?;
        self.check(fin, opcode, len)?;
        let own_len = 2 + len_len + 4;
        Ok(rest.first_chunk::<4>().map(|mask| Header {
            fin,
            opcode,
            mask: *mask,
            len,
            own_len,
        }))
    }

    fn check(&self, fin: bool, opcode: u8, len: usize) -> Result<(), Violation> {
        match opcode {
            TEXT | CONTINUATION => {
                let before = self.fragments.as_ref().map_or(0, Vec::len);
                if opcode == TEXT && self.fragments.is_some() {
                    return Err(Violation::Protocol("a message inside a message"));
                }
                if before.saturating_add(len) > self.message_bytes_max {
                    return Err(Violation::TooLarge);
                }
                Ok(())
            }
            BINARY => Err(Violation::Binary),
            CLOSE | PING | PONG => {
                if fin && len <= CONTROL_BYTES_MAX {
                    Ok(())
                } else {
                    Err(Violation::Protocol("a control frame is whole and short"))
                }
            }
            _ => Err(Violation::Protocol("an opcode that does not exist")),
        }
    }
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    // Eight bytes at a time; the compiler makes more of it where it can.
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}

fn text(bytes: Vec<u8>) -> Result<String, Violation> {
    String::from_utf8(bytes).map_err(|_| Violation::InvalidText)
}

/// The status code of a close frame (section 7.4).
fn close(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(Violation::Protocol("half a status code"))
        };
    };
    if std::str::from_utf8(reason).is_err() {
        return Err(Violation::InvalidText);
    }
    match u16::from_be_bytes(*code) {
        code @ (1000..=1003 | 1007..=1014 | 3000..=4999) => Ok(Some(code)),
        _ => Err(Violation::Protocol("a status code that does not exist")),
    }
}

/// The header of a frame to write: at most ten bytes, because a server does not mask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameHeader {
    bytes: [u8; 10],
    len: u8,
}

impl FrameHeader {
    pub(crate) fn text(payload_len: usize) -> Self {
        Self::new(TEXT, payload_len)
    }

    pub(crate) fn ping(payload_len: usize) -> Self {
        Self::new(PING, payload_len)
    }

    pub(crate) fn pong(payload_len: usize) -> Self {
        Self::new(PONG, payload_len)
    }

    pub(crate) fn close(payload_len: usize) -> Self {
        Self::new(CLOSE, payload_len)
    }

    fn new(opcode: u8, payload_len: usize) -> Self {
        let mut bytes = [0; 10];
        let [first, second, rest @ ..] = &mut bytes;
        *first = FIN | opcode;
        let [high, low, ..] = rest;
        let len = match (u8::try_from(payload_len), u16::try_from(payload_len)) {
            (Ok(len), _) if len < 126 => {
                *second = len;
                2
            }
            (_, Ok(len)) => {
                *second = 126;
                [*high, *low] = len.to_be_bytes();
                4
            }
            _ => {
                *second = 127;
                *rest = u64::try_from(payload_len).unwrap_or(u64::MAX).to_be_bytes();
                10
            }
        };
        Self { bytes, len }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
