//! The commented file that `pipit config example` prints, made from the same definitions that are read.

use std::fmt::Write as _;

use toml::Value;

use super::{Config, OptionDef};

/// A commented file with every option at its default.
pub fn example() -> String {
    let mut text = String::from(
        "# Pipit's configuration, with every option at its default.\n\
         # Each can be given as a flag and in the environment too; a flag wins over the environment, and that over this file.\n",
    );
    let mut section = "";
    for option in Config::options() {
        // Writing to a string cannot fail.
        if option.section != section {
            section = option.section;
            let _ = write!(text, "\n[{section}]\n");
        }
        text.push('\n');
        for line in option.doc {
            let _ = writeln!(text, "#{line}");
        }
        let _ = writeln!(text, "# Flag --{}, environment {}.", option.flag(), option.env());
        match (default_of(option), option.sample) {
            (Some(value), _) => {
                let _ = writeln!(text, "{} = {value}", option.key);
            }
            (None, sample) => {
                let _ = writeln!(text, "# {} = {:?}", option.key, sample.unwrap_or_default());
            }
        }
    }
    text
}

/// The default of an option as the file writes it; none where it has none.
pub(super) fn default_of(option: &OptionDef) -> Option<Value> {
    Config::default().table(option.section)?.get(option.key).cloned()
}
