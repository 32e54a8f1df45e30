//! From flags, environment and file to one checked configuration. Every refusal names where the value came from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::{Config, OptionDef};

/// Where values come from.
pub struct Sources<'a> {
    /// The value of an option's flag, where it was given.
    pub flag: &'a dyn Fn(&OptionDef) -> Option<String>,
    /// The value of an environment variable, where it is set.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The file.
    pub file: Option<&'a Path>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// Which one.
        path: PathBuf,
        /// Where.
        line: usize,
        /// Why.
        message: String,
    },
    /// The file has a key that no option has.
    #[error("{}:{line}: there is no option `{key}`", path.display())]
    UnknownKey {
        /// Which file.
        path: PathBuf,
        /// Where.
        line: usize,
        /// The key.
        key: String,
    },
    /// A value is of the wrong type, or makes no sense.
    #[error("{origin}: {message}")]
    Value {
        /// The flag, variable, or place in the file.
        origin: String,
        /// Why.
        message: String,
    },
}

/// Reads and checks the configuration.
pub fn load(sources: &Sources<'_>) -> Result<Config, ConfigError> {
    let mut draft = Draft::default();
    if let Some(path) = sources.file {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        draft.apply_file(path, &text)?;
    }
    for option in Config::options() {
        // An empty variable is one that is not set: container files cannot take a variable away.
        if let Some(text) = (sources.env)(&option.env()).filter(|text| !text.is_empty()) {
            draft.apply(option, from_text(option, text), option.env())?;
        }
        if let Some(text) = (sources.flag)(option) {
            draft.apply(option, from_text(option, text), format!("--{}", option.flag()))?;
        }
    }
    draft.finish()
}

#[derive(Default)]
struct Draft {
    sections: HashMap<&'static str, Table>,
    origins: HashMap<String, String>,
}

impl Draft {
    fn apply(&mut self, option: &'static OptionDef, value: Value, origin: String) -> Result<(), ConfigError> {
        let section = self.sections.entry(option.section).or_default();
        section.insert(option.key.to_owned(), value);
        Config::check(option.section, section).map_err(|message| ConfigError::Value {
            origin: origin.clone(),
            message,
        })?;
        self.origins.insert(option.file_key(), origin);
        Ok(())
    }

    fn apply_file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let syntax = |error: toml::de::Error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| line(text, span.start)),
            message: error.message().replace('\n', " "),
        };
        let document = DeTable::parse(text).map_err(syntax)?;
        for (key, value) in document.get_ref() {
            let name: &str = key.get_ref();
            let is_section =
                Config::options().any(|option| !option.section.is_empty() && option.section == name);
            match value.get_ref().as_table() {
                Some(table) if is_section => {
                    for (key, value) in table {
                        self.apply_entry(path, text, name, key, value)?;
                    }
                }
                _ => self.apply_entry(path, text, "", key, value)?,
            }
        }
        Ok(())
    }

    fn apply_entry(
        &mut self,
        path: &Path,
        text: &str,
        section: &str,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), ConfigError> {
        let name: &str = key.get_ref();
        let line = line(text, key.span().start);
        let Some(option) = Config::options().find(|option| option.section == section && option.key == name)
        else {
            let key = if section.is_empty() {
                name.to_owned()
            } else {
                format!("{section}.{name}")
            };
            return Err(ConfigError::UnknownKey {
                path: path.to_owned(),
                line,
                key,
            });
        };
        let origin = format!("{}:{line}: `{}`", path.display(), option.file_key());
        match from_toml(value.get_ref()).filter(|value| option.is_list() || !value.is_array()) {
            Some(value) => self.apply(option, value, origin),
            None => Err(ConfigError::Value {
                origin,
                message: "is a text, a number, true or false".to_owned(),
            }),
        }
    }

    fn finish(mut self) -> Result<Config, ConfigError> {
        let config = Config::read(|section| self.sections.remove(section).unwrap_or_default()).map_err(
            |(section, message)| ConfigError::Value {
                origin: section.to_owned(),
                message,
            },
        )?;
        config.validate().map_err(|invalid| ConfigError::Value {
            origin: self
                .origins
                .remove(invalid.option)
                .unwrap_or_else(|| invalid.option.to_owned()),
            message: invalid.message,
        })?;
        Ok(config)
    }
}

pub(super) fn read<T: DeserializeOwned>(table: &Table) -> Result<T, String> {
    T::deserialize(table.clone()).map_err(|error| error.message().replace('\n', " "))
}

fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn from_toml(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::String(text.clone().into_owned())),
        DeValue::Boolean(value) => Some(Value::Boolean(*value)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(Value::Integer),
        DeValue::Array(values) => values
            .iter()
            .map(|value| from_toml(value.get_ref()))
            .collect::<Option<Vec<_>>>()
            .map(Value::Array),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

/// A flag's or variable's text becomes what the option's default is; where it does not fit, the section says so.
fn from_text(option: &OptionDef, text: String) -> Value {
    match super::example::default_of(option) {
        Some(Value::Integer(_)) => text.parse().map_or(Value::String(text), Value::Integer),
        Some(Value::Boolean(_)) => text.parse().map_or(Value::String(text), Value::Boolean),
        Some(Value::Array(_)) => Value::Array(
            text.split_whitespace()
                .map(|part| Value::String(part.to_owned()))
                .collect(),
        ),
        _ => Value::String(text),
    }
}
