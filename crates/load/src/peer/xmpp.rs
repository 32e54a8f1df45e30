//! A server that speaks XMPP: the least of it that signs in, joins groups, sends and is acknowledged.
//!
//! What is pairs elsewhere is chat between two people here; a message is acknowledged by stream management (XEP-0198), asked for with each.
//! A group is a room (XEP-0045), whose messages come back to the sender from the room, which has archived them: that is their
//! acknowledgement. The protocol is RFC 6120 and 6121, unencrypted, over TCP.

mod stanza;

use std::collections::VecDeque;
use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;

use self::stanza::{Element, Message};
use super::plan::{self, MISSED, PAIRED, PEOPLE};
use super::{Heard, Line, Peer, Stamp};

/// The domain that it serves, and that of its groups.
pub const HOST: &str = "localhost";
/// See [`HOST`].
pub const ROOMS: &str = "rooms.localhost";
const BUFFER_BYTES: usize = 4 * 1024;
/// No element that is looked at is longer.
const ELEMENT_BYTES_MAX: usize = 256 * 1024;
const HEADER: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' \
                      to='localhost'>";
const ASK: &str = "<r xmlns='urn:xmpp:sm:3'/>";

/// A server.
pub struct Server {
    port: u16,
    /// For each person the rooms that they are in, as places in the plan's list.
    rooms: Vec<Vec<usize>>,
}

/// The name of an account, which is its password as well.
#[must_use]
pub fn account(person: usize) -> String {
    format!("person-{person}")
}

impl Server {
    /// The one on this port of this machine.
    #[must_use]
    pub fn new(port: u16) -> Self {
        let mut rooms = vec![Vec::new(); PEOPLE];
        for (place, members) in plan::conversations().iter().enumerate().skip(PAIRED / 2) {
            for member in members {
                if let Some(of) = rooms.get_mut(*member) {
                    of.push(place);
                }
            }
        }
        Self { port, rooms }
    }
}

/// A connection to one.
pub struct XmppLine {
    stream: TcpStream,
    person: usize,
    /// What has come; what is before `read` has been looked at.
    buffer: Vec<u8>,
    read: usize,
    /// What is to be written, apart from what is sent.
    answers: Vec<u8>,
    /// Stanzas since stream management was switched on: ours, and the server's.
    stanzas_out: u32,
    stanzas_in: u32,
    /// It is switched on.
    counts: bool,
    /// Which of ours are chat messages without acknowledgement.
    unacknowledged: VecDeque<u32>,
    /// Messages that were acknowledged, and not said to be.
    acknowledged: usize,
}

impl XmppLine {
    async fn open(port: u16, person: usize) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            person,
            buffer: Vec::with_capacity(BUFFER_BYTES),
            read: 0,
            answers: Vec::new(),
            stanzas_out: 0,
            stanzas_in: 0,
            counts: false,
            unacknowledged: VecDeque::new(),
            acknowledged: 0,
        })
    }

    async fn write(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(self.stream.write_all(text.as_bytes()).await?)
    }

    /// The next element. May be dropped at any time without loss.
    async fn element(&mut self) -> anyhow::Result<Element> {
        loop {
            let rest = self.buffer.get(self.read..).unwrap_or_default();
            if let Some((length, element)) = stanza::read(rest)? {
                self.read += length;
                return Ok(element);
            }
            self.buffer.drain(..self.read);
            self.read = 0;
            ensure!(self.buffer.len() < ELEMENT_BYTES_MAX, "an element without end");
            let interest = if self.answers.is_empty() {
                Interest::READABLE
            } else {
                Interest::READABLE | Interest::WRITABLE
            };
            let ready = self.stream.ready(interest).await?;
            if ready.is_writable() && !self.answers.is_empty() {
                match self.stream.try_write(&self.answers) {
                    Ok(written) => drop(self.answers.drain(..written)),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error.into()),
                }
            }
            if ready.is_readable() {
                match self.stream.try_read_buf(&mut self.buffer) {
                    Ok(0) => bail!("the server ended the connection"),
                    Ok(_) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    async fn wait_for(&mut self, wanted: Element) -> anyhow::Result<()> {
        loop {
            let element = self.element().await?;
            if element == wanted {
                return Ok(());
            }
            ensure!(
                matches!(element, Element::Opened | Element::Other),
                "{element:?} in place of {wanted:?}"
            );
        }
    }

    async fn sign_in(&mut self) -> anyhow::Result<()> {
        let name = account(self.person);
        self.write(HEADER).await?;
        self.wait_for(Element::Features).await?;
        let plain = STANDARD.encode(format!("\0{name}\0{name}"));
        self.write(&format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"
        ))
        .await?;
        self.wait_for(Element::Success).await?;
        self.write(HEADER).await?;
        self.wait_for(Element::Features).await
    }

    /// Binds, switches stream management on, is present, and joins rooms; how many messages came from them.
    async fn join(&mut self, rooms: &[usize]) -> anyhow::Result<usize> {
        let name = account(self.person);
        let mut text = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                        <resource>load</resource></bind></iq><enable xmlns='urn:xmpp:sm:3'/><presence/>"
            .to_owned();
        for room in rooms {
            let missed = if plan::storm_of(self.person) == Some(*room) {
                MISSED
            } else {
                0
            };
            // Writing to memory cannot fail.
            let _ = write!(
                text,
                "<presence to='room-{room}@{ROOMS}/{name}'><x xmlns='http://jabber.org/protocol/muc'>\
                 <history maxstanzas='{missed}'/></x></presence>"
            );
        }
        self.write(&text).await?;
        self.stanzas_out = u32::try_from(1 + rooms.len())?;
        let (mut joined, mut missed) = (0, 0);
        while joined < rooms.len() {
            match self.element().await? {
                Element::Enabled => self.counts = true,
                Element::Message(message) => {
                    self.count();
                    joined += usize::from(message.subject);
                    missed += usize::from(message.body.is_some());
                }
                Element::Stanza => self.count(),
                Element::AcknowledgementAsked => self.answer(),
                Element::Error => bail!("the server refuses something"),
                _ => {}
            }
        }
        Ok(missed)
    }

    fn count(&mut self) {
        if self.counts {
            self.stanzas_in = self.stanzas_in.wrapping_add(1);
        }
    }

    fn answer(&mut self) {
        let text = format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", self.stanzas_in);
        self.answers.extend_from_slice(text.as_bytes());
    }

    fn handled(&mut self, handled: u32) {
        while self
            .unacknowledged
            .front()
            .is_some_and(|number| *number <= handled)
        {
            self.unacknowledged.pop_front();
            self.acknowledged += 1;
        }
    }

    fn came(&mut self, message: &Message) -> Heard {
        let Some(stamp) = message.body.as_deref().and_then(Stamp::read) else {
            return Heard::Other;
        };
        if message.group && stamp.person == self.person {
            self.acknowledged += 1;
        }
        Heard::Delivered(stamp)
    }
}

impl Peer for Server {
    type Line = XmppLine;

    async fn connect(&self, person: usize) -> anyhow::Result<(XmppLine, usize)> {
        let mut line = XmppLine::open(self.port, person).await?;
        line.sign_in().await.context("signing in")?;
        let rooms = self.rooms.get(person).context("one of the people")?;
        let missed = line.join(rooms).await.context("joining rooms")?;
        Ok((line, missed))
    }
}

impl Line for XmppLine {
    async fn send(&mut self, to: usize, stamp: Stamp) -> anyhow::Result<()> {
        self.stanzas_out = self.stanzas_out.wrapping_add(1);
        let (number, text) = (self.stanzas_out, stamp.text());
        let stanza = if to < PAIRED / 2 {
            self.unacknowledged.push_back(number);
            let other = account(self.person ^ 1);
            format!(
                "<message type='chat' to='{other}@{HOST}' id='{number}'><body>{text}</body></message>{ASK}"
            )
        } else {
            format!(
                "<message type='groupchat' to='room-{to}@{ROOMS}' id='{number}'><body>{text}</body></message>"
            )
        };
        self.write(&stanza).await
    }

    async fn next(&mut self) -> anyhow::Result<Heard> {
        if let Some(left) = self.acknowledged.checked_sub(1) {
            self.acknowledged = left;
            return Ok(Heard::Acknowledged);
        }
        match self.element().await? {
            Element::Acknowledged(handled) => self.handled(handled),
            Element::AcknowledgementAsked => self.answer(),
            Element::Message(message) => {
                self.count();
                return Ok(self.came(&message));
            }
            Element::Stanza => self.count(),
            Element::Error => bail!("the server refuses something"),
            _ => {}
        }
        Ok(Heard::Other)
    }

    fn close(self) {}
}
