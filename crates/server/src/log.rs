//! The log, on standard error: text for people, one JSON object a line for programs.
//!
//! What comes from outside cannot forge a line: JSON escapes control characters itself, and the text form goes through
//! a writer that does. Secrets and contents are never logged at all; a token in an error would be a bug.

use std::io::{self, IsTerminal as _, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::util::TryInitError;

use crate::config::{Log, LogFormat};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level cannot be read.
    #[error("the log level: {0}")]
    Level(#[from] ParseError),
    /// Something else logs already.
    #[error("the log: {0}")]
    Taken(#[from] TryInitError),
}

/// Begins to log. Once a process.
pub fn start(log: &Log) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(&log.level)?;
    let as_text = match log.format {
        LogFormat::Auto => io::stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    if as_text {
        builder
            .with_ansi(false)
            .with_target(false)
            .with_writer(|| Printable(io::stderr()))
            .finish()
            .try_init()?;
    } else {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(io::stderr)
            .finish()
            .try_init()?;
    }
    Ok(())
}

/// Writes a line with every control character inside it escaped. It is given one whole line at a time.
struct Printable<W>(W);

impl<W: Write> Write for Printable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let (line, end) = text.strip_suffix('\n').map_or((&*text, ""), |line| (line, "\n"));
        let mut printable = String::with_capacity(text.len());
        for character in line.chars() {
            if character.is_control()
                || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            {
                printable.extend(character.escape_default());
            } else {
                printable.push(character);
            }
        }
        printable.push_str(end);
        self.0.write_all(printable.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inside_a_line_ends_it_or_colours_the_terminal() {
        for (text, expect) in [
            ("plain\n", "plain\n"),
            ("forged\nINFO all is well\n", "forged\\nINFO all is well\n"),
            ("\u{1b}[31mred\r\n", "\\u{1b}[31mred\\r\n"),
            ("mirror\u{202e}ed\n", "mirror\\u{202e}ed\n"),
            ("größer 🐦\n", "größer 🐦\n"),
        ] {
            let mut written = Vec::new();
            Printable(&mut written).write_all(text.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), expect);
        }
    }
}
