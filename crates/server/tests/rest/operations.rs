//! Health, metrics, headers, faults.

use pipit_server::config::MetricsAccess;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn health_and_readiness() {
    let world = World::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            world.call(Method::GET, path, None, None).await.status,
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn metrics_count_by_route_and_hold_no_token() {
    let (world, ada) = World::with_ada().await;
    let invite = world.invite(&ada).await;
    world
        .call(Method::GET, &format!("/v1/invites/{invite}"), None, None)
        .await
        .ok();
    world.call(Method::GET, "/v1/nothing/like/this", None, None).await;
    let reply = world.call(Method::GET, "/metrics", None, None).await;
    let text = reply.body.as_str().unwrap();
    for line in [
        r#"pipit_http_requests_total{method="GET",route="/v1/invites/{invite}",status="2xx"} 1"#,
        r#"pipit_http_requests_total{method="GET",route="other",status="4xx"} 1"#,
        r#"pipit_http_request_duration_seconds_count{route="/v1/setup"} 1"#,
        "pipit_messages_appended_total 0",
        "pipit_connections 0",
        "# EOF",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line}\nis not in\n{text}"
        );
    }
    assert!(!text.contains(&invite) && !text.contains("like"));
}

#[tokio::test]
async fn what_devices_cannot_read_is_counted_by_reason_and_build() {
    let (world, ada) = World::with_ada().await;
    let report = |version: &str, count: u32| {
        json!({
            "client": { "name": "pipit-web", "version": version },
            "counts": [{ "reason": "not_opened", "count": count }],
        })
    };
    let path = "/v1/me/unreadable";
    let nobody = world
        .call(Method::POST, path, None, Some(&report("1.0", 1)))
        .await;
    assert_eq!(nobody.status, 401);
    let tell = async |body: Value| {
        world
            .call(Method::POST, path, Some(&ada.access), Some(&body))
            .await
    };
    tell(report("1.0", 2)).await.ok();
    tell(report("1.0", u32::MAX)).await.ok();
    tell(report("a \"quoted\" one", 3)).await.ok();
    // Nobody fills the memory by calling oneself something else each time.
    for number in 0..40 {
        tell(report(&format!("2.{number}"), 1)).await.ok();
    }
    let mut repaired = report("1.0", 0);
    repaired["repaired"] = json!(7);
    tell(repaired).await.ok();
    let mut wrong = report("1.0", 1);
    wrong["counts"][0]["reason"] = json!("what was said");
    assert_eq!(tell(wrong).await.status, 400);
    let reply = world.call(Method::GET, "/metrics", None, None).await;
    let text = reply.body.as_str().unwrap();
    let counted: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("pipit_unreadable_messages_total"))
        .collect();
    assert_eq!(counted.len(), 17, "{counted:#?}");
    for line in [
        r#"pipit_unreadable_messages_total{client="pipit-web",version="1.0",reason="not_opened"} 10002"#,
        r#"pipit_unreadable_messages_total{client="other",version="other",reason="not_opened"} 28"#,
    ] {
        assert!(counted.contains(&line), "{line}\nis not in\n{counted:#?}");
    }
    let line = r#"pipit_repaired_messages_total{client="pipit-web",version="1.0"} 7"#;
    assert!(
        text.lines().any(|found| found == line),
        "{line}\nis not in\n{text}"
    );
}

#[tokio::test]
async fn metrics_are_for_whom_the_operator_says() {
    for (access, by_proxy, expect) in [
        (MetricsAccess::Local, false, 200),
        (MetricsAccess::Local, true, 404),
        (MetricsAccess::Everyone, true, 200),
        (MetricsAccess::Off, false, 404),
    ] {
        let world = World::start_with(|config| config.general.metrics = access).await;
        let mut request = world.request(&Method::GET, "/metrics");
        if by_proxy {
            request = request.header("x-forwarded-for", "203.0.113.1");
        }
        assert_eq!(world.send(request).await.status, expect, "{access:?} {by_proxy}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let (world, ada) = World::with_ada().await;
    for path in ["/v1/me", "/v1/nothing", "/healthz", "/nothing"] {
        let reply = world.get(path, &ada).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(reply.headers[name], value, "{path}");
        }
        assert!(
            reply.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'"),
            "{path}"
        );
        assert!(reply.headers.get("strict-transport-security").is_none());
        assert_eq!(reply.headers["x-request-id"].len(), 16);
    }
    assert_eq!(
        world.get("/v1/me", &ada).await.headers["cache-control"],
        "no-store"
    );
}

#[tokio::test]
async fn https_is_kept_to_where_people_come_by_it() {
    let world =
        World::start_with(|config| config.general.public_url = Some("https://chat.example.org/".to_owned()))
            .await;
    let reply = world.call(Method::GET, "/v1/server", None, None).await;
    assert_eq!(reply.headers["strict-transport-security"], "max-age=31536000");
}

/// A closed storage stands in for a broken disk.
#[tokio::test]
async fn a_fault_shows_an_incident_and_nothing_else() {
    let (world, ada) = World::with_ada().await;
    world.close_store().await;
    let reply = world.get("/v1/me", &ada).await;
    assert_eq!(reply.refusal(), (503, "unavailable"));
    let incident = reply.headers["x-request-id"].to_str().unwrap();
    assert_eq!(reply.body["message"], format!("incident {incident}"));
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(
        world.call(Method::GET, "/readyz", None, None).await.refusal(),
        (503, "unavailable")
    );
    assert_eq!(world.call(Method::GET, "/healthz", None, None).await.status, 200);
}
