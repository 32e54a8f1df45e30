//! The types of the protocol and of the client core, for the web client: one file, sorted by name.

use std::collections::BTreeMap;

use pipit_client::command::{Command, CommandError, Reply};
use pipit_client::view::Update;
use ts_rs::{Config, TS, TypeVisitor};

/// What crosses the border between the core and the views, the frames, and everything that those mention.
pub(crate) fn declarations() -> String {
    let mut found = Declarations {
        // JSON numbers: the protocol keeps them below 2^53.
        config: Config::new().with_large_int("number"),
        by_name: BTreeMap::new(),
    };
    found.visit::<Command>();
    found.visit::<Reply>();
    found.visit::<CommandError>();
    found.visit::<Update>();
    found.visit::<pipit_wire::ClientFrame>();
    found.visit::<pipit_wire::ServerFrame>();
    // What the service worker reads without the core.
    found.visit::<pipit_wire::push::Push>();
    let mut text = "// Written by `cargo xtask gen` from the Rust types. Do not edit.\n".to_owned();
    for declaration in found.by_name.into_values() {
        text.push('\n');
        text.push_str(&laid_out(&declaration));
    }
    text
}

/// One line a comment that fits on one, and lines indented by the braces they are in.
fn laid_out(declaration: &str) -> String {
    let joined = declaration.replace("/**\n * ", "/** ");
    let mut text = String::new();
    let mut depth = 0_usize;
    let joined = joined.replace("\n */\n", " */\n").replace("} | {", "}\n| {");
    for line in joined.lines() {
        let line = line.trim();
        let is_comment = line.starts_with("/**") || line.starts_with('*');
        let indent = if line.starts_with('}') {
            depth.saturating_sub(1)
        } else {
            depth
        };
        text.push_str(&"  ".repeat(indent));
        text.push_str(line);
        text.push('\n');
        if !is_comment {
            depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
        }
    }
    text
}

struct Declarations {
    config: Config,
    by_name: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Only types with a file of their own are declared; the others are written where they are used.
        if T::output_path().is_none() {
            return;
        }
        let name = T::ident(&self.config);
        if self.by_name.contains_key(&name) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        let declaration = format!("{docs}export {}\n", T::decl(&self.config));
        self.by_name.insert(name, declaration);
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

#[cfg(test)]
mod tests {
    use super::laid_out;

    #[test]
    fn comments_and_fields_are_laid_out() {
        let raw = "/**\n * A thing { here.\n */\nexport type A = { \n/**\n * Its id.\n */\nid: string, \n/**\n * Two\n * lines.\n */\nb: number, };\n";
        let expected = "/** A thing { here. */\nexport type A = {\n  /** Its id. */\n  id: string,\n  /** Two\n  * lines. */\n  b: number, };\n";
        assert_eq!(laid_out(raw), expected);
    }
}
