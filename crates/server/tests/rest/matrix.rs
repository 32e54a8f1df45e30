//! Who may do what over HTTP, as a table: every endpoint of a conversation by everybody who could ask.

use pipit_server::config::{Config, MessageRequests};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Person, Reply, World, nobody};

/// Everybody who asks, in the order of the table's columns; then those to whom things are done.
const ASKERS: [&str; 7] = ["own", "adm", "mod", "mem", "left", "banned", "stranger"];
const OTHERS: [&str; 3] = ["victim", "asker", "newcomer"];

/// A method, a path after that of the group (or from `/v1` on), and a body. `{name}` is somebody's id, `{event}` a new id, `{token}` and
/// `{invite}` those of a link. Then what each asker gets: `y` it is done, `f` forbidden, `n` not a member, `b` banned, `o` an owner is
/// needed, `m` there is no such message, `i` it is none of theirs, `s` only sealed.
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("GET", "", "", "yyyynnn"),
    ("GET", "/members", "", "yyyynnn"),
    ("GET", "/members?query=v", "", "yyyynnn"),
    ("GET", "/pins", "", "yyyynnn"),
    ("GET", "/place?at=0", "", "yyyynnn"),
    ("GET", "/messages/{event}/reactions", "", "mmmmnnn"),
    ("GET", "/messages/{event}/votes", "", "mmmmnnn"),
    ("PATCH", "", r#"{"event_id":"{event}","title":"x"}"#, "yyffnnn"),
    ("PATCH", "", r#"{"event_id":"{event}","topic":"x"}"#, "yyffnnn"),
    ("PATCH", "", r#"{"event_id":"{event}","avatar":{}}"#, "yyffnnn"),
    (
        "PATCH",
        "",
        r#"{"event_id":"{event}","announcements":true}"#,
        "yyffnnn",
    ),
    (
        "PATCH",
        "",
        r#"{"event_id":"{event}","history":"all"}"#,
        "yyffnnn",
    ),
    (
        "PATCH",
        "",
        r#"{"event_id":"{event}","expire_after_ms":86400000}"#,
        "yyffnnn",
    ),
    (
        "POST",
        "/members",
        r#"{"event_ids":["{event}"],"users":["{newcomer}"]}"#,
        "yyffnnn",
    ),
    (
        "POST",
        "/members",
        r#"{"event_ids":["{event}"],"users":["{banned}"]}"#,
        "bbffnnn",
    ),
    (
        "PATCH",
        "/members/{victim}",
        r#"{"event_id":"{event}","role":"moderator"}"#,
        "yyffnnn",
    ),
    (
        "PATCH",
        "/members/{victim}",
        r#"{"event_id":"{event}","role":"admin"}"#,
        "yfffnnn",
    ),
    (
        "PATCH",
        "/members/{victim}",
        r#"{"event_id":"{event}","role":"owner"}"#,
        "yfffnnn",
    ),
    (
        "PATCH",
        "/members/{own}",
        r#"{"event_id":"{event}","role":"member"}"#,
        "offfnnn",
    ),
    (
        "PATCH",
        "/members/{me}",
        r#"{"event_id":"{event}","role":"owner"}"#,
        "ffffnnn",
    ),
    ("DELETE", "/members/{victim}", "", "yyyfnnn"),
    ("DELETE", "/members/{own}", "", "offfnnn"),
    ("DELETE", "/members/{me}", "", "oyyynnn"),
    (
        "POST",
        "/bans",
        r#"{"event_id":"{event}","user":"{victim}"}"#,
        "yyyfnnn",
    ),
    (
        "POST",
        "/bans",
        r#"{"event_id":"{event}","user":"{own}"}"#,
        "ffffnnn",
    ),
    ("GET", "/bans", "", "yyyfnnn"),
    ("DELETE", "/bans/{banned}", "", "yyyfnnn"),
    (
        "POST",
        "/invites",
        r#"{"expires_in_s":60,"uses":1,"approval":false}"#,
        "yyffnnn",
    ),
    ("GET", "/invites", "", "yyffnnn"),
    ("DELETE", "/invites/{invite}", "", "yyffnnn"),
    ("GET", "/requests", "", "yyffnnn"),
    (
        "POST",
        "/requests/{asker}",
        r#"{"event_id":"{event}"}"#,
        "yyffnnn",
    ),
    ("DELETE", "/requests/{asker}", "", "yyffnnn"),
    // There is no group of devices in one that is not encrypted.
    ("GET", "/devices", "", "ffffnnn"),
    ("POST", "/key-logs", KEY_LOGS, "ffffnnn"),
    ("POST", "/key-packages", r#"{"devices":["{event}"]}"#, "ffffnnn"),
    ("POST", "/handshakes", HANDSHAKE, "ffffnnn"),
    ("GET", "/group", "", "ffffnnn"),
    ("POST", "/group", r#"{"epoch":0,"bytes":"AAEC"}"#, "ffffnnn"),
    ("GET", "/v1/groups/invites/{token}", "", "yyyyyyy"),
    (
        "POST",
        "/v1/groups/join",
        r#"{"event_id":"{event}","token":"{token}"}"#,
        "yyyyyby",
    ),
    // Anybody may report anybody; what was said they show from what they may read.
    ("POST", "/v1/reports", REPORT, "iiiinnn"),
    (
        "POST",
        "/v1/reports",
        r#"{"id":"{event}","user":"{victim}","reason":"spam"}"#,
        "yyyyyyy",
    ),
    // Whoever made the server is no asker here.
    ("GET", "/v1/reports", "", "fffffff"),
    ("POST", "/v1/reports/{event}/close", "{}", "fffffff"),
];

/// The first entry is no message of the victim's.
const REPORT: &str =
    r#"{"id":"{event}","user":"{victim}","reason":"spam","conversation":"{group}","entries":[{"seq":1}]}"#;

const HANDSHAKE: &str = r#"{"id":"{event}","kind":"commit","seal":{"epoch":0,"count":1},"bytes":"AAEC"}"#;

const KEY_LOGS: &str = r#"{"of":[{"user":"{victim}","after":0}]}"#;

/// The same of an encrypted group: who is a member may change its devices, whatever their role. What each device does with that is its own business.
const ENCRYPTED: &[(&str, &str, &str, &str)] = &[
    ("GET", "", "", "yyyynnn"),
    ("GET", "/devices", "", "yyyynnn"),
    ("POST", "/key-logs", KEY_LOGS, "yyyynnn"),
    ("POST", "/key-packages", r#"{"devices":["{event}"]}"#, "yyyynnn"),
    ("POST", "/handshakes", HANDSHAKE, "yyyynnn"),
    ("GET", "/group", "", "yyyynnn"),
    ("POST", "/group", r#"{"epoch":0,"bytes":"AAEC"}"#, "yyyynnn"),
    ("DELETE", "/members/{victim}", "", "yyyfnnn"),
    ("PATCH", "", r#"{"event_id":"{event}","title":"x"}"#, "ssssnnn"),
    (
        "PATCH",
        "",
        r#"{"event_id":"{event}","announcements":true}"#,
        "yyffnnn",
    ),
];

/// A server with everybody in it, and ids for what they make.
struct Town {
    world: World,
    people: Vec<(&'static str, Person)>,
    made: u32,
}

/// A group in which everybody is what their name says, and a link into it.
struct Group {
    path: String,
    token: String,
    invite: String,
}

impl Town {
    async fn new() -> Self {
        // Nobody has to accept a request before they are what their name says.
        let off = |config: &mut Config| config.general.message_requests = MessageRequests::Off;
        let world = World::start_with(off).await;
        let ada = world.set_up("ada").await;
        let mut people = Vec::new();
        for name in ASKERS.into_iter().chain(OTHERS) {
            people.push((name, world.join(&ada, name).await));
        }
        Self {
            world,
            people,
            made: 0,
        }
    }

    fn id(&mut self) -> String {
        self.made += 1;
        format!("01999999-0000-7000-8000-{:012x}", self.made)
    }

    fn person(&self, name: &str) -> &Person {
        &self.people.iter().find(|(known, _)| *known == name).unwrap().1
    }

    async fn ask(&self, who: &Person, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let method: Method = method.parse().unwrap();
        self.world.call(method, path, Some(&who.access), body).await
    }

    async fn group(&mut self, encrypted: bool) -> Group {
        let (group, events) = (self.id(), [self.id(), self.id(), self.id(), self.id(), self.id()]);
        let path = format!("/v1/conversations/{group}");
        let own = self.person("own");
        let members = ["adm", "mod", "mem", "left", "banned", "victim"].map(|name| self.person(name).user);
        let title = (!encrypted).then_some("Birds");
        let new = json!({"id": group, "title": title, "members": members, "encrypted": encrypted});
        self.world.post("/v1/conversations/group", own, new).await.ok();
        for (name, role, event) in [("adm", "admin", &events[0]), ("mod", "moderator", &events[1])] {
            let member = format!("{path}/members/{}", self.person(name).user);
            let role = json!({"event_id": event, "role": role});
            self.world.patch(&member, own, role).await.ok();
        }
        let left = self.person("left");
        let leave = format!("{path}/members/{}?event_id={}", left.user, events[2]);
        self.world.delete(&leave, left).await.ok();
        let ban = json!({"event_id": events[3], "user": self.person("banned").user});
        self.world.post(&format!("{path}/bans"), own, ban).await.ok();
        let invites = format!("{path}/invites");
        let asking = json!({"expires_in_s": 3600, "uses": 9, "approval": true});
        let asking = self.world.post(&invites, own, asking).await.ok();
        let join = json!({"event_id": events[4], "token": asking["token"]});
        self.world
            .post("/v1/groups/join", self.person("asker"), join)
            .await
            .ok();
        let open = json!({"expires_in_s": 3600, "uses": 9, "approval": false});
        let open = self.world.post(&invites, own, open).await.ok();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Group {
            path,
            token: text(&open["token"]),
            invite: text(&open["id"]),
        }
    }

    /// The text with what stands in braces filled in.
    fn fill(&mut self, text: &str, group: &Group, me: &str) -> String {
        let mut filled = text.replace("{event}", &self.id());
        for (name, person) in &self.people {
            filled = filled.replace(&format!("{{{name}}}"), &person.user.to_string());
        }
        filled
            .replace("{me}", &self.person(me).user.to_string())
            .replace("{group}", group.path.rsplit('/').next().unwrap_or_default())
            .replace("{token}", &group.token)
            .replace("{invite}", &group.invite)
    }
}

fn letter(reply: &Reply) -> char {
    if reply.status.is_success() {
        return 'y';
    }
    match reply.refusal() {
        (403, "forbidden") => 'f',
        (403, "sealed_only") => 's',
        (403, "not_member") => 'n',
        (403, "banned") => 'b',
        (404, "not_found") => 'm',
        (400, "invalid_field") => 'i',
        (409, "owner_required") => 'o',
        _ => '?',
    }
}

#[tokio::test]
async fn everybody_may_do_what_the_table_says() {
    let mut town = Town::new().await;
    let mut wrong = Vec::new();
    let open = TABLE.iter().map(|row| (row, false));
    let encrypted = ENCRYPTED.iter().map(|row| (row, true));
    for ((method, path, body, expect), encrypted) in open.chain(encrypted) {
        let mut got = String::new();
        for asker in ASKERS {
            let group = town.group(encrypted).await;
            let path = town.fill(path, &group, asker);
            let path = if path.starts_with("/v1/") {
                path
            } else {
                format!("{}{path}", group.path)
            };
            let body = town.fill(body, &group, asker);
            let body: Option<Value> = serde_json::from_str(&body).ok();
            let reply = town.ask(town.person(asker), method, &path, body.as_ref()).await;
            got.push(letter(&reply));
        }
        if got != *expect {
            wrong.push(format!(
                "{method} {path} {body} (encrypted: {encrypted}): {got} and not {expect}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A group that is not there and one of others are the same to whoever is in neither.
#[tokio::test]
async fn what_is_not_there_is_not_told_from_what_is_others() {
    let mut town = Town::new().await;
    let group = town.group(false).await;
    for (method, path, body, _) in TABLE.iter().filter(|(_, path, ..)| !path.starts_with("/v1/")) {
        let path = town.fill(path, &group, "stranger");
        let body = town.fill(body, &group, "stranger");
        let body: Option<Value> = serde_json::from_str(&body).ok();
        let stranger = town.person("stranger");
        let there = town
            .ask(stranger, method, &format!("{}{path}", group.path), body.as_ref())
            .await;
        let nowhere = format!("/v1/conversations/{}{path}", nobody());
        let nowhere = town.ask(stranger, method, &nowhere, body.as_ref()).await;
        assert_eq!(there.refusal(), nowhere.refusal(), "{method} {path}");
        assert_eq!(there.body, nowhere.body, "{method} {path}");
    }
}

/// Every endpoint of the document that has to do with a conversation is in the table.
#[test]
fn the_table_has_every_endpoint() {
    let document = serde_json::to_value(pipit_server::rest::openapi()).unwrap();
    let known = |method: &str, path: &str| {
        TABLE.iter().any(|(of, pattern, ..)| {
            let pattern = pattern.split('?').next().unwrap();
            let pattern = if pattern.starts_with("/v1/") {
                pattern.to_owned()
            } else {
                format!("/v1/conversations/{{id}}{pattern}")
            };
            let same = pattern.split('/').count() == path.split('/').count()
                && pattern
                    .split('/')
                    .zip(path.split('/'))
                    .all(|(one, other)| one == other || (one.starts_with('{') && other.starts_with('{')));
            same && of.eq_ignore_ascii_case(method)
        })
    };
    let mut missing = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let about = path.starts_with("/v1/conversations/{id}") || path.starts_with("/v1/groups/");
        for method in item.as_object().unwrap().keys().filter(|_| about) {
            if !known(method, path) {
                missing.push(format!("{method} {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
