//! The documents: that they describe what is served, and that what is served is as described.

use std::collections::BTreeSet;

use pipit_server::rest::openapi;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{PASSWORD, Person, World, account, nobody, sign_in};

#[tokio::test]
async fn it_is_served_and_whole() {
    let world = World::start().await;
    let served = world.call(Method::GET, "/v1/openapi.json", None, None).await.ok();
    assert_eq!(served, serde_json::to_value(openapi()).unwrap());
    assert_eq!(served["openapi"].as_str().unwrap().split('.').next(), Some("3"));
    let mut missing = BTreeSet::new();
    collect_missing(&served, &served, &mut missing);
    assert_eq!(missing, BTreeSet::new());
    let asyncapi = world
        .call(Method::GET, "/v1/asyncapi.json", None, None)
        .await
        .ok();
    assert_eq!(asyncapi["asyncapi"], "3.0.0");
}

/// References that lead nowhere.
fn collect_missing(document: &Value, part: &Value, missing: &mut BTreeSet<String>) {
    match part {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref")
                && document.pointer(reference.trim_start_matches('#')).is_none()
            {
                missing.insert(reference.clone());
            }
            object
                .values()
                .for_each(|part| collect_missing(document, part, missing));
        }
        Value::Array(array) => array
            .iter()
            .for_each(|part| collect_missing(document, part, missing)),
        _ => {}
    }
}

/// The router knows every endpoint of the document, by every method of it; and by no other.
#[tokio::test]
async fn the_router_and_the_document_agree() {
    let (world, _ada) = World::with_ada().await;
    let document = serde_json::to_value(openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let url = ["{id}", "{user}", "{invite}"]
            .iter()
            .fold(path.clone(), |url, name| url.replace(name, nobody()));
        for method in [
            Method::GET,
            Method::POST,
            Method::PATCH,
            Method::DELETE,
            Method::PUT,
        ] {
            let described = item.get(method.as_str().to_lowercase()).is_some();
            let reply = world.call(method.clone(), &url, None, None).await;
            let known = reply.body["message"] != "there is no such endpoint";
            assert_eq!(known, described, "{method} {path}: {reply:?}");
        }
    }
}

const BIRDS: &str = "01999999-0000-7000-8000-000000000001";

/// A request, and what answers it in the document.
type Case = (&'static str, &'static str, String, Value);

fn of_accounts(invite: &str) -> Vec<Case> {
    let case = |method, template: &'static str, body| (method, template, template.to_owned(), body);
    vec![
        case("get", "/v1/server", json!(null)),
        case("post", "/v1/sessions", sign_in("ada", PASSWORD)),
        case(
            "post",
            "/v1/accounts",
            json!({"invite": invite, "account": account("cyn")}),
        ),
        case("get", "/v1/me", json!(null)),
        case("patch", "/v1/me", json!({"name": "Ada"})),
        ("get", "/v1/users", "/v1/users?query=bob".to_owned(), json!(null)),
        case("get", "/v1/devices", json!(null)),
        case("get", "/v1/push", json!(null)),
        case("post", "/v1/push/test", json!(null)),
        case("get", "/v1/me/privacy", json!(null)),
        case(
            "patch",
            "/v1/me/privacy",
            json!({"receipts": false, "written_by": "known"}),
        ),
        case("get", "/v1/me/blocked", json!(null)),
        case("get", "/v1/me/notifications", json!(null)),
        case(
            "put",
            "/v1/me/notifications",
            json!({"previews": "names", "quiet": {"from_min": 1, "to_min": 2, "time_zone": "UTC"}, "keywords": ["tea"]}),
        ),
        case(
            "put",
            "/v1/push/subscription",
            json!({"endpoint": "", "p256dh": "", "auth": ""}),
        ),
        case("delete", "/v1/push/subscription", json!(null)),
        case("post", "/v1/previews", json!({"url": "https://example.org"})),
        case("post", "/v1/invites", json!({"expires_in_s": 60, "uses": 1})),
        case("get", "/v1/invites", json!(null)),
        (
            "get",
            "/v1/invites/{invite}",
            format!("/v1/invites/{invite}"),
            json!(null),
        ),
        // And what is refused.
        case("get", "/v1/nothing", json!(null)),
        case("post", "/v1/sessions", json!({"more": 1})),
        case("post", "/v1/sessions", sign_in("ada", "not the password")),
        case("patch", "/v1/me", json!({"name": "\u{202e}"})),
    ]
}

fn of_conversations(bob: &Person) -> Vec<Case> {
    let event = |number: u8| format!("01999999-0000-7000-8000-1000000000{number:02x}");
    let case = |method, template: &'static str, body| {
        let path = template
            .replace("{id}", BIRDS)
            .replace("{user}", &bob.user.to_string());
        (method, template, path, body)
    };
    let members = "/v1/conversations/{id}/members";
    let member = "/v1/conversations/{id}/members/{user}";
    vec![
        case("post", "/v1/conversations/direct", json!({"user": bob.user})),
        case(
            "post",
            "/v1/conversations/group",
            json!({"id": BIRDS, "title": "Birds", "members": []}),
        ),
        (
            "get",
            "/v1/conversations",
            "/v1/conversations?limit=1".to_owned(),
            json!(null),
        ),
        case("get", "/v1/conversations/{id}", json!(null)),
        case(
            "patch",
            "/v1/conversations/{id}",
            json!({"event_id": event(1), "title": "Pipits"}),
        ),
        case(
            "post",
            members,
            json!({"event_ids": [event(2)], "users": [bob.user]}),
        ),
        case("get", members, json!(null)),
        case("patch", member, json!({"event_id": event(3), "role": "admin"})),
        case("delete", member, json!(null)),
    ]
}

/// What the handlers answer fits the schemas that the document gives for it.
#[tokio::test]
async fn answers_are_as_described() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let check = Checker::new();
    let invite = world.invite(&ada).await;
    for (method, template, path, body) in of_accounts(&invite).into_iter().chain(of_conversations(&bob)) {
        let body = (!body.is_null()).then_some(&body);
        let verb: Method = method.to_uppercase().parse().unwrap();
        let reply = world.call(verb, &path, Some(&ada.access), body).await;
        if let Some(body) = body.filter(|_| reply.status.is_success()) {
            check.request(method, template, body);
        }
        check.answer(method, template, reply.status.as_u16(), &reply.body);
    }
}

struct Checker(Value);

impl Checker {
    fn new() -> Self {
        Self(serde_json::to_value(openapi()).unwrap())
    }

    fn request(&self, method: &str, template: &str, body: &Value) {
        let content = &self.0["paths"][template][method]["requestBody"]["content"]["application/json"];
        self.validate(&content["schema"], body);
    }

    fn answer(&self, method: &str, template: &str, status: u16, body: &Value) {
        if status >= 400 {
            return self.validate(&json!({"$ref": "#/components/schemas/WireError"}), body);
        }
        let answer = &self.0["paths"][template][method]["responses"][status.to_string()];
        assert!(
            answer.is_object(),
            "{method} {template} is not described as answering {status}"
        );
        match answer["content"].get("application/json") {
            Some(content) => self.validate(&content["schema"], body),
            None => assert_eq!(*body, json!(""), "{method} {template}"),
        }
    }

    fn validate(&self, schema: &Value, value: &Value) {
        // The schema, in a document that has what it refers to.
        let mut document = schema.as_object().unwrap().clone();
        document.insert("components".to_owned(), self.0["components"].clone());
        let validator = jsonschema::draft202012::new(&Value::Object(document)).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{value}\ndoes not fit\n{schema}\n{errors:?}");
    }
}
