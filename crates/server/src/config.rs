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
    General, Inviters, Limits, Log, LogFormat, Media, MessageRequests, Messages, MetricsAccess, Outgoing,
    Previews, Proxy, Registration,
};
pub use source::{ConfigError, Sources, load};
use toml::Table;

/// Defines the configuration by its sections, in the order of the example.
macro_rules! config {
    ($($(#[doc = $doc:literal])+ $field:ident: $section:ident,)+) => {
        /// The whole configuration, checked.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Config {
            $($(#[doc = $doc])+ pub $field: $section,)+
        }

        impl Config {
            /// Every option, in the order of the example.
            pub fn options() -> impl Iterator<Item = &'static OptionDef> {
                [$($section::OPTIONS),+].into_iter().flatten()
            }

            /// A configuration of the tables that `take` gives for the names of sections; where one cannot be read, its name and why.
            fn read(mut take: impl FnMut(&str) -> Table) -> Result<Self, (&'static str, String)> {
                Ok(Self {
                    $($field: source::read(&take($section::NAME)).map_err(|message| ($section::NAME, message))?,)+
                })
            }

            /// Whether a table can be read as the section of that name, and why not.
            fn check(section: &str, table: &Table) -> Result<(), String> {
                match section {
                    $($section::NAME => source::read::<$section>(table).map(drop),)+
                    _ => Ok(()),
                }
            }

            /// A section as the file writes it.
            fn table(&self, section: &str) -> Option<Table> {
                match section {
                    $($section::NAME => Table::try_from(&self.$field).ok(),)+
                    _ => None,
                }
            }

            fn validate(&self) -> Result<(), Invalid> {
                $(self.$field.validate()?;)+
                Ok(())
            }
        }
    };
}

config! {
    /// What most installs set.
    general: General,
    /// The log.
    log: Log,
    /// Limits.
    limits: Limits,
    /// Files.
    media: Media,
    /// Changes of messages.
    messages: Messages,
    /// Requests to addresses that people name.
    outgoing: Outgoing,
    /// Previews of links.
    previews: Previews,
    /// What stands in front of the server.
    proxy: Proxy,
    /// Notifications of devices that are not connected.
    push: Push,
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
