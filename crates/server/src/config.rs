//! What an operator can set: flags, environment and a TOML file with the same names, from one definition.
//!
//! Precedence: flag, environment, file, default. A key that is not known is refused with its name and line, so that a slip
//! of the pen never silently leaves a default in force.

mod example;
mod option;
mod push;
mod section;
mod source;

pub use example::example;
pub use option::OptionDef;
pub use push::Push;
pub use section::{
    General, Inviters, Limits, Log, LogFormat, Media, MessageRequests, Messages, MetricsAccess, Proxy,
    Registration,
};
pub use source::{ConfigError, Sources, load};

/// The whole configuration, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What most installs set.
    pub general: General,
    /// The log.
    pub log: Log,
    /// Limits.
    pub limits: Limits,
    /// Files.
    pub media: Media,
    /// Changes of messages.
    pub messages: Messages,
    /// What stands in front of the server.
    pub proxy: Proxy,
    /// Notifications of devices that are not connected.
    pub push: Push,
}

impl Config {
    /// Every option, in the order of the example.
    pub fn options() -> impl Iterator<Item = &'static OptionDef> {
        [
            General::OPTIONS,
            Log::OPTIONS,
            Limits::OPTIONS,
            Media::OPTIONS,
            Messages::OPTIONS,
            Proxy::OPTIONS,
            Push::OPTIONS,
        ]
        .into_iter()
        .flatten()
    }

    fn validate(&self) -> Result<(), Invalid> {
        self.general.validate()?;
        self.log.validate()?;
        self.limits.validate()?;
        self.media.validate()?;
        self.messages.validate()?;
        self.proxy.validate()?;
        self.push.validate()
    }
}

/// A value of the right type that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Invalid {
    option: &'static str,
    message: String,
}

impl Invalid {
    fn new(option: &'static str, message: impl Into<String>) -> Self {
        Self {
            option,
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests;
