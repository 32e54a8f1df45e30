//! One definition of an option gives its flag, its environment variable, its place in the file and its line in the example.

/// An option of `pipit serve`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionDef {
    /// The section of the file that it is in; empty for the top.
    pub section: &'static str,
    /// Its name there.
    pub key: &'static str,
    /// What it does, a sentence or two, as lines.
    pub doc: &'static [&'static str],
    /// What to write into the example where there is no default.
    pub sample: Option<&'static str>,
}

impl OptionDef {
    /// Its flag, without the dashes: `log-format`.
    pub fn flag(&self) -> String {
        self.path("-").replace('_', "-")
    }

    /// Its environment variable: `PIPIT_LOG_FORMAT`.
    pub fn env(&self) -> String {
        format!("PIPIT_{}", self.path("_").to_uppercase())
    }

    /// Its name in the file, as messages say it: `log.format`.
    pub fn file_key(&self) -> String {
        self.path(".")
    }

    /// Whether it takes several values: its flag may be repeated.
    pub fn is_list(&self) -> bool {
        matches!(super::example::default_of(self), Some(toml::Value::Array(_)))
    }

    fn path(&self, separator: &str) -> String {
        if self.section.is_empty() {
            self.key.to_owned()
        } else {
            format!("{}{separator}{}", self.section, self.key)
        }
    }
}

/// Defines a section: the struct that the file is read into, its defaults, and the definitions of its options.
macro_rules! section {
    (
        $(#[expect($lint:path, reason = $reason:literal)])?
        $(#[doc = $section_doc:literal])+
        $name:ident in $section:literal {
            $($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr $(, sample $sample:literal)?;)+
        }
    ) => {
        $(#[expect($lint, reason = $reason)])?
        $(#[doc = $section_doc])+
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $key: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        impl $name {
            /// Its table in the file; empty where it stands before all tables.
            pub const NAME: &'static str = $section;

            /// The options of this section, in the order of the example.
            pub const OPTIONS: &'static [crate::config::option::OptionDef] = &[$(
                crate::config::option::OptionDef {
                    section: $section,
                    key: stringify!($key),
                    doc: &[$($doc),+],
                    sample: section!(@sample $($sample)?),
                },
            )+];
        }
    };
    (@sample $sample:literal) => { Some($sample) };
    (@sample) => { None };
}

pub(super) use section;
