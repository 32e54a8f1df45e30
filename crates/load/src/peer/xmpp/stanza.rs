//! What an XMPP server says, one element at a time: only as much of it as the measurements look at.
//!
//! A stream is one XML document that does not end while the line lives, and comes in pieces. The parser is quick-xml, over what has come
//! so far: an element that is not complete is read again when more has come. Elements are short.

use anyhow::{Context as _, bail};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element below the stream, or the stream's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// `<stream:stream>` was opened.
    Opened,
    /// What may be done now.
    Features,
    /// The person is who they say.
    Success,
    /// Stanzas are counted from now on.
    Enabled,
    /// So many of our stanzas have been dealt with.
    Acknowledged(u32),
    /// The server wants to know how many of its stanzas have come.
    AcknowledgementAsked,
    /// A message.
    Message(Message),
    /// Another stanza: presence, or an answer.
    Stanza,
    /// Something was refused: a stanza of the type `error`, or the stream.
    Error,
    /// Anything else.
    Other,
}

/// A `<message>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// It is of a group.
    pub(super) group: bool,
    /// What is in its `<body>`.
    pub(super) body: Option<String>,
    /// It has a `<subject>`: a group says it last to whoever has joined.
    pub(super) subject: bool,
}

/// The element that the bytes begin with, and how many bytes that is; none where more has to come.
pub(super) fn read(bytes: &[u8]) -> anyhow::Result<Option<(usize, Element)>> {
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().allow_unmatched_ends = true;
    let mut reading: Option<Reading> = None;
    let mut depth = 0_u32;
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            // A tag that has not come to its end yet. Whoever reads gives up one that never does.
            Err(quick_xml::Error::Syntax(_)) => return Ok(None),
            Err(error) => return Err(error).context("what the server says is not XML"),
        };
        match event {
            Event::Eof => return Ok(None),
            Event::Start(start) => {
                if depth == 0 {
                    if start.name().as_ref() == "stream:stream" {
                        return Ok(Some((
                            usize::try_from(reader.buffer_position())?,
                            Element::Opened,
                        )));
                    }
                    reading = Some(Reading::begin(&start)?);
                } else if let Some(reading) = &mut reading {
                    reading.inside(depth, start.name().as_ref());
                }
                depth += 1;
                continue;
            }
            Event::Empty(start) if depth == 0 => reading = Some(Reading::begin(&start)?),
            Event::Empty(start) => {
                if let Some(reading) = &mut reading {
                    reading.inside(depth, start.name().as_ref());
                    reading.in_body = false;
                }
                continue;
            }
            Event::End(_) if depth == 0 => bail!("the server ended the stream"),
            Event::End(_) => {
                depth -= 1;
                if let Some(reading) = &mut reading {
                    reading.in_body = false;
                }
                if depth > 0 {
                    continue;
                }
            }
            Event::Text(text) => {
                if let Some(reading) = reading.as_mut().filter(|reading| reading.in_body) {
                    reading
                        .message
                        .body
                        .get_or_insert_default()
                        .push_str(&text.xml10_content());
                }
                continue;
            }
            _ => continue,
        }
        if let Some(reading) = reading {
            return Ok(Some((
                usize::try_from(reader.buffer_position())?,
                reading.element(),
            )));
        }
        bail!("an element without a beginning");
    }
}

/// An element that is being read.
struct Reading {
    name: String,
    message: Message,
    in_body: bool,
    handled: Option<u32>,
    refused: bool,
}

impl Reading {
    fn begin(start: &BytesStart<'_>) -> anyhow::Result<Self> {
        let name = start.name().as_ref().to_owned();
        let get = |name: &str| start.try_get_attribute(name);
        let handled = if name == "a" { get("h")? } else { None };
        let handled = handled.map(|handled| handled.value.parse()).transpose()?;
        let kind = get("type")?.map(|kind| kind.value);
        let message = Message {
            group: kind.as_deref() == Some("groupchat"),
            ..Message::default()
        };
        let refused = kind.as_deref() == Some("error") || matches!(name.as_str(), "failure" | "stream:error");
        Ok(Self {
            name,
            message,
            in_body: false,
            handled,
            refused,
        })
    }

    /// An element within it begins.
    fn inside(&mut self, depth: u32, name: &str) {
        if depth == 1 && self.name == "message" {
            self.in_body = name == "body";
            self.message.subject |= name == "subject";
        }
    }

    fn element(self) -> Element {
        match (self.name.as_str(), self.handled) {
            _ if self.refused => Element::Error,
            ("enabled", _) => Element::Enabled,
            ("stream:features", _) => Element::Features,
            ("success", _) => Element::Success,
            ("a", Some(handled)) => Element::Acknowledged(handled),
            ("r", _) => Element::AcknowledgementAsked,
            ("message", _) => Element::Message(self.message),
            ("presence" | "iq", _) => Element::Stanza,
            _ => Element::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All elements of a stream.
    fn elements(mut bytes: &[u8]) -> Vec<Element> {
        let mut all = Vec::new();
        while let Some((length, element)) = read(bytes).unwrap() {
            all.push(element);
            bytes = &bytes[length..];
        }
        all
    }

    const STREAM: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams'><stream:features><sm xmlns='urn:xmpp:sm:3'/></stream:features>\
        <a h='3' xmlns='urn:xmpp:sm:3'/><r xmlns='urn:xmpp:sm:3'/><presence from='a'><x><body>no</body></x></presence>\
        <message type='groupchat'><x><body>no</body></x><body>1 2 hello</body></message>\
        <message><subject/></message><success/><enabled/><iq type='error'/>";

    #[test]
    fn elements_are_read_one_by_one() {
        let message = |group, body: Option<&str>, subject| {
            Element::Message(Message {
                group,
                body: body.map(str::to_owned),
                subject,
            })
        };
        assert_eq!(
            elements(STREAM.as_bytes()),
            [
                Element::Opened,
                Element::Features,
                Element::Acknowledged(3),
                Element::AcknowledgementAsked,
                Element::Stanza,
                message(true, Some("1 2 hello"), false),
                message(false, None, true),
                Element::Success,
                Element::Enabled,
                Element::Error,
            ]
        );
        assert!(read(b"</stream:stream>").is_err());
    }

    #[test]
    fn an_element_that_is_cut_anywhere_waits_for_the_rest() {
        let whole = elements(STREAM.as_bytes());
        for end in 0..STREAM.len() {
            let cut = elements(&STREAM.as_bytes()[..end]);
            assert!(cut.len() < whole.len() && whole.starts_with(&cut), "{end}");
        }
    }
}
