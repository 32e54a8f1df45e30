//! What bad input gets: a stable code, and a server that goes on.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{Reply, World};

async fn post_text(world: &World, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Reply {
    let request = world
        .request(&Method::POST, path)
        .header("content-type", content_type)
        .body(body);
    world.send(request).await
}

#[tokio::test]
async fn bodies_are_json_with_known_fields() {
    let (world, _ada) = World::with_ada().await;
    let path = "/v1/sessions/refresh";
    for (body, expect, field) in [
        (
            r#"{"refresh_token":"x","more":1}"#,
            (400, "unknown_field"),
            Some("more"),
        ),
        ("{}", (400, "invalid_field"), Some("refresh_token")),
        (r#"{"refresh_token":1}"#, (400, "invalid_field"), None),
        (r#"{"refresh_token":null}"#, (400, "invalid_field"), None),
        ("[]", (400, "invalid_field"), None),
        ("\"x\"", (400, "invalid_field"), None),
        ("", (400, "malformed"), None),
        ("{", (400, "malformed"), None),
        (r#"{"refresh_token":"x"}x"#, (400, "malformed"), None),
        ("refresh_token=x", (400, "malformed"), None),
    ] {
        let reply = post_text(&world, path, "application/json", body).await;
        assert_eq!(reply.refusal(), expect, "{body}");
        assert_eq!(reply.body["field"].as_str(), field, "{body}");
    }
    let invalid_utf8 = b"{\"refresh_token\":\"\xff\xfe\"}".to_vec();
    assert_eq!(
        post_text(&world, path, "application/json", invalid_utf8)
            .await
            .refusal(),
        (400, "malformed")
    );
    let deep = "[".repeat(60_000);
    assert_eq!(
        post_text(&world, path, "application/json", deep)
            .await
            .refusal()
            .0,
        400
    );
    // Inside, too: the account of a sign-up.
    let mut account = crate::world::account("bob");
    account["admin"] = json!(true);
    let reply = world.knock("/v1/accounts", json!({"account": account})).await;
    assert_eq!(
        (reply.refusal(), reply.body["field"].as_str()),
        ((400, "unknown_field"), Some("admin"))
    );
}

#[tokio::test]
async fn other_types_are_refused() {
    let (world, _ada) = World::with_ada().await;
    let body = r#"{"refresh_token":"x"}"#;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonx",
        "",
    ] {
        let reply = post_text(&world, "/v1/sessions/refresh", content_type, body).await;
        assert_eq!(reply.refusal(), (400, "invalid_field"), "{content_type}");
        assert_eq!(reply.body["field"], "content-type");
    }
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        let reply = post_text(&world, "/v1/sessions/refresh", content_type, body).await;
        assert_eq!(reply.refusal(), (401, "signed_out"), "{content_type}");
    }
}

#[tokio::test]
async fn what_is_too_long_is_not_read() {
    let (world, _ada) = World::with_ada().await;
    let stated = post_text(
        &world,
        "/v1/sessions",
        "application/json",
        "x".repeat(64 * 1_024 + 1),
    )
    .await;
    assert_eq!(stated.refusal(), (413, "too_large"));
    // The length is believed before a byte of the body has come.
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    // A length that is not stated is counted.
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000));
    for _ in 0..3 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}

#[tokio::test]
async fn heads_are_bounded() {
    let (world, _ada) = World::with_ada().await;
    for head in [
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(70_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(70_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: x\r\n".repeat(2_000)),
        "\0\0\0\0\r\n\r\n".to_owned(),
    ] {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        // The server may have hung up before all was written.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let status = answer.get(9..12).unwrap_or(b"hung up");
        assert!(
            matches!(status, b"400" | b"414" | b"431" | b"hung up"),
            "{:?}",
            String::from_utf8_lossy(&answer)
        );
    }
    assert_eq!(world.call(Method::GET, "/healthz", None, None).await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let (world, ada) = World::with_ada().await;
    for path in ["/v1", "/v1/", "/v1/nothing", "/v1/me/more", "/v1/users/ada"] {
        assert_eq!(
            world.get(path, &ada).await.refusal(),
            (404, "not_found"),
            "{path}"
        );
    }
    for (method, path) in [
        (Method::DELETE, "/v1/me"),
        (Method::PUT, "/v1/conversations"),
        (Method::GET, "/v1/setup"),
    ] {
        let reply = world.call(method.clone(), path, Some(&ada.access), None).await;
        assert_eq!(reply.refusal(), (404, "not_found"), "{method} {path}");
    }
    for path in [
        "/v1/conversations/x",
        "/v1/conversations/%00",
        "/v1/conversations/x/members",
    ] {
        assert_eq!(
            world.get(path, &ada).await.refusal(),
            (404, "not_found"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn no_other_site_may_read_or_ask() {
    let (world, ada) = World::with_ada().await;
    let request = world
        .request(&Method::GET, "/v1/me")
        .bearer_auth(&ada.access)
        .header("origin", "https://evil.example");
    let reply = world.send(request).await;
    assert!(
        reply
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("access-control-")),
        "{:?}",
        reply.headers
    );
    let preflight = world
        .request(&Method::OPTIONS, "/v1/sessions")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST");
    assert!(!world.send(preflight).await.status.is_success());
    assert!(reply.headers.get("set-cookie").is_none());
}
