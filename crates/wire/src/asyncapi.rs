//! The machine-readable forms of the frames: JSON Schema, and the AsyncAPI document that the server serves at
//! `/v1/asyncapi.json`. Both are made from the types themselves, so that they cannot say anything else.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::frame::client::ClientFrame;
use crate::frame::server::ServerFrame;

/// What answers a client's frame, besides `error`. Frames that are not listed are not answered.
const REPLIES: &[(&str, &[&str])] = &[
    ("hello", &["welcome", "catch_up", "synced"]),
    ("message", &["ack"]),
    ("change", &["ack"]),
    ("sync", &["catch_up", "synced"]),
    ("history", &["page"]),
    ("conversations", &["conversations"]),
    ("ping", &["pong"]),
];

/// Every frame in both directions as JSON Schema (2020-12). A frame is one of `$defs/ClientFrame` or `$defs/ServerFrame`.
pub fn frames_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The frames of Pipit's WebSocket",
        "anyOf": [{ "$ref": "#/$defs/ClientFrame" }, { "$ref": "#/$defs/ServerFrame" }],
        "$defs": definitions(generator),
    });
    tidy(&mut schema);
    schema
}

/// The AsyncAPI 3.0.0 document of `/v1/ws`, from the server's point of view: it receives what clients send.
///
/// Its schemas keep to JSON Schema draft 7, of which AsyncAPI's own schema format is a superset.
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.definitions_path = "/components/schemas".into();
    let mut schemas = definitions(settings.into_generator());
    let client = variants(&mut schemas, "ClientFrame");
    let server = variants(&mut schemas, "ServerFrame");
    let messages = both(&client, &server, message);
    let references = both(
        &client,
        &server,
        |side, name, _| json!({ "$ref": format!("#/components/messages/{}", key(side, name)) }),
    );
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Pipit's WebSocket",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Everything that is live: messages, receipts, typing, presence, and catching up. Each text message is one JSON \
                object with a `type`. Clients ignore types and fields that they do not know; the server refuses them.",
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/v1/ws",
                "description": "One connection a device. The first frame is `hello`, with an access token.",
                "messages": references,
                "bindings": { "ws": { "method": "GET" } },
            },
        },
        "operations": operations(&client, &server),
        "components": { "messages": messages, "schemas": schemas },
    });
    tidy(&mut document);
    document
}

/// The name of a frame's type with its schema.
type Variants = Vec<(String, Value)>;

fn definitions(mut generator: SchemaGenerator) -> Map<String, Value> {
    generator.subschema_for::<ClientFrame>();
    generator.subschema_for::<ServerFrame>();
    generator.take_definitions(true)
}

/// Takes the frames of one side out of the definitions.
fn variants(definitions: &mut Map<String, Value>, name: &str) -> Variants {
    let Some(Value::Array(variants)) = definitions
        .remove(name)
        .and_then(|mut frame| frame.get_mut("oneOf").map(Value::take))
    else {
        return Vec::new();
    };
    let named = variants.into_iter().filter_map(|variant| {
        let name = type_of(&variant)?.to_owned();
        // What serde reads a type as that it does not know; nobody sends it.
        (name != "unknown").then_some((name, variant))
    });
    named.collect()
}

fn type_of(variant: &Value) -> Option<&str> {
    variant.pointer("/properties/type/const")?.as_str()
}

fn both(
    client: &Variants,
    server: &Variants,
    make: impl Fn(&str, &str, &Value) -> Value,
) -> Map<String, Value> {
    let sides = [("client", client), ("server", server)];
    let frames = sides.into_iter().flat_map(|(side, variants)| {
        let entry = |(name, schema): &(String, Value)| (key(side, name), make(side, name, schema));
        variants.iter().map(entry).collect::<Vec<_>>()
    });
    frames.collect()
}

/// The two sides have frames of the same type with different fields.
fn key(side: &str, name: &str) -> String {
    format!("{side}.{name}")
}

fn message(side: &str, name: &str, schema: &Value) -> Value {
    let mut payload = schema.clone();
    let summary = payload
        .as_object_mut()
        .and_then(|payload| payload.remove("description"));
    json!({
        "name": name,
        "title": format!("{name}, from the {side}"),
        "summary": summary.unwrap_or_default(),
        "payload": payload,
    })
}

fn operations(client: &Variants, server: &Variants) -> Map<String, Value> {
    let channel = json!({ "$ref": "#/channels/socket" });
    let message =
        |side: &str, name: &str| json!({ "$ref": format!("#/channels/socket/messages/{}", key(side, name)) });
    let receive = client.iter().map(|(name, _)| {
        let mut operation =
            json!({ "action": "receive", "channel": channel, "messages": [message("client", name)] });
        let replies = REPLIES.iter().find(|(request, _)| request == name);
        if let (Some((_, replies)), Some(operation)) = (replies, operation.as_object_mut()) {
            let replies: Vec<_> = replies
                .iter()
                .chain(&["error"])
                .map(|reply| message("server", reply))
                .collect();
            operation.insert(
                "reply".to_owned(),
                json!({ "channel": channel, "messages": replies }),
            );
        }
        (format!("receive.{name}"), operation)
    });
    // What only ever answers a request is described there.
    let answers: Vec<&str> = REPLIES
        .iter()
        .flat_map(|(_, replies)| *replies)
        .copied()
        .collect();
    let unasked = server
        .iter()
        .filter(|(name, _)| !answers.contains(&name.as_str()));
    let send = unasked.map(|(name, _)| {
        let operation =
            json!({ "action": "send", "channel": channel, "messages": [message("server", name)] });
        (format!("send.{name}"), operation)
    });
    receive.chain(send).collect()
}

/// Takes out what is there for the code alone: the variants that stand for anything unknown, and links into the code.
fn tidy(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(fields) => {
            if let Some(Value::Array(variants)) = fields.get_mut("oneOf") {
                let is_unknown = |variant: &Value| {
                    variant
                        .get("const")
                        .and_then(Value::as_str)
                        .or_else(|| type_of(variant))
                        == Some("unknown")
                };
                variants.retain(|variant| !is_unknown(variant));
            }
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "description" || name == "summary" => {
                        *text = without_links(text);
                    }
                    _ => tidy(field),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A documentation comment as text: [`crate::limits::CURSORS_MAX`] is the limit `cursors_max`, and other links are just names.
fn without_links(text: &str) -> String {
    let mut parts = text.split("[`");
    let mut plain = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (link, rest) = part.split_once("`]").unwrap_or((part, ""));
        let name = match link.strip_prefix("crate::limits::") {
            Some(limit) => limit.to_lowercase(),
            None => link.rsplit("::").next().unwrap_or(link).to_owned(),
        };
        plain.push('`');
        plain.push_str(&name);
        plain.push('`');
        plain.push_str(rest);
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::Value;

    use super::{REPLIES, document, frames_schema, without_links};
    use crate::frame::client::ClientFrame;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|field| references(field, found));
            }
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for document in [document(), frames_schema()] {
            let mut found = Vec::new();
            references(&document, &mut found);
            assert!(found.len() > 50);
            for reference in found {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
        }
    }

    #[test]
    fn every_frame_of_a_client_is_an_operation() {
        let document = document();
        for name in ClientFrame::TYPES {
            let operation = document.pointer(&format!("/operations/receive.{name}")).unwrap();
            let replies = REPLIES.iter().any(|(request, _)| request == name);
            assert_eq!(operation.get("reply").is_some(), replies, "{name}");
        }
        assert!(document.pointer("/operations/send.event").is_some());
        assert!(document.pointer("/operations/send.ack").is_none());
    }

    #[test]
    fn nothing_speaks_of_the_code() {
        for text in [document().to_string(), frames_schema().to_string()] {
            assert!(!text.contains("crate::"));
            assert!(!text.contains("\"const\":\"unknown\""));
        }
        assert_eq!(
            without_links("At most [`crate::limits::CURSORS_MAX`], see [`ClientFrame::Sync`]."),
            "At most `cursors_max`, see `Sync`."
        );
    }
}
