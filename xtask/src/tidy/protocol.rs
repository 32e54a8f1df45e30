//! Whether the protocol's page names everything that the protocol has, by the generated JSON Schema.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Problem;
use super::tree::Tree;

const PAGE: &str = "docs/protocol.md";
const SCHEMA: &str = "docs/generated/frames.schema.json";

/// Definitions whose words the page has to have: the frames' types, the entries' types, the error codes, the limits.
const DEFINITIONS: &[(&str, &str)] = &[
    ("ClientFrame", "the frame type"),
    ("ServerFrame", "the frame type"),
    ("EventBody", "the entry type"),
    ("ErrorCode", "the error code"),
    ("Limits", "the limit"),
];

/// What the page leaves out.
pub(super) fn check(tree: &Tree) -> Result<Vec<Problem>> {
    let schema: Value = serde_json::from_str(tree.require(SCHEMA)?).context(SCHEMA)?;
    let page = tree.require(PAGE)?;
    let mut problems = Vec::new();
    for (name, kind) in DEFINITIONS {
        let definition = schema
            .get("$defs")
            .and_then(|definitions| definitions.get(name))
            .with_context(|| format!("{SCHEMA} does not define {name}"))?;
        let words = words(definition);
        if words.is_empty() {
            problems.push(format!("{SCHEMA}: {name} has no words that this check finds"));
        }
        let missing = words
            .into_iter()
            .filter(|word| !page.contains(&format!("`{word}`")));
        problems.extend(missing.map(|word| format!("{PAGE}: does not name {kind} `{word}`")));
    }
    Ok(problems)
}

/// The values of an enum's `type`, or of the enum itself; for an object, its fields.
fn words(definition: &Value) -> BTreeSet<&str> {
    let list = |key| definition.get(key).and_then(Value::as_array);
    let mut words: BTreeSet<&str> = BTreeSet::new();
    for variant in [list("oneOf"), list("anyOf")].into_iter().flatten().flatten() {
        let tag = variant.get("properties").and_then(|fields| fields.get("type"));
        words.extend(tag.and_then(|tag| tag.get("const")).and_then(Value::as_str));
        words.extend(variant.get("const").and_then(Value::as_str));
        let values = variant
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        words.extend(values.filter_map(Value::as_str));
    }
    words.extend(list("enum").into_iter().flatten().filter_map(Value::as_str));
    if words.is_empty() {
        let fields = definition.get("properties").and_then(Value::as_object);
        words.extend(
            fields
                .into_iter()
                .flat_map(serde_json::Map::keys)
                .map(String::as_str),
        );
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{PAGE, SCHEMA, check};
    use crate::tidy::tree::Tree;

    const DEFINITIONS: &str = r##"{ "$defs": {
        "ClientFrame": { "oneOf": [
            { "properties": { "type": { "const": "hello" } }, "$ref": "#/$defs/Hello" },
            { "properties": { "type": { "const": "ping" } } } ] },
        "ServerFrame": { "oneOf": [ { "properties": { "type": { "const": "pong" } } } ] },
        "EventBody": { "oneOf": [ { "properties": { "type": { "const": "message" } } } ] },
        "ErrorCode": { "oneOf": [ { "const": "malformed" }, { "enum": ["too_large"] } ] },
        "Limits": { "properties": { "frame_bytes_max": {} } }
    } }"##;

    #[test]
    fn every_word_of_the_protocol_has_to_be_on_its_page() {
        let page = "# P\n`hello` `ping` `pong` `message` `malformed` `too_large` `frame_bytes_max`\n";
        let whole = Tree::of(&[(PAGE, page), (SCHEMA, DEFINITIONS)]);
        assert_eq!(check(&whole).unwrap(), Vec::<String>::new());
        let partial = Tree::of(&[(PAGE, "# P\nhello, `ping`\n"), (SCHEMA, DEFINITIONS)]);
        let problems = check(&partial).unwrap();
        assert_eq!(problems.len(), 6);
        assert_eq!(
            problems.first().unwrap(),
            "docs/protocol.md: does not name the frame type `hello`"
        );
    }

    #[test]
    fn a_schema_without_the_definitions_is_an_error() {
        let tree = Tree::of(&[(PAGE, "# P\n"), (SCHEMA, "{}")]);
        assert!(check(&tree).is_err());
    }
}
