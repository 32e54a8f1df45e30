//! Previews of links, from real servers: one that may be asked, and one inside that may not.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, stream};
use image::ImageFormat;
use pipit_model::preview;
use pipit_server::service::access::Caller;
use pipit_wire::event::{Content, Message};
use pipit_wire::preview::LinkPreview;
use pipit_wire::{ErrorCode, MessageId};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::files::png;
use crate::world::{Person, Reply, World};

const PAGE: &str = "<!doctype html><head><title>Tides &amp; times</title>
    <meta property='og:site_name' content='Harbour'><meta name=description content='High water at noon'></head>";

/// A server of pages, and what was asked of it.
#[derive(Clone)]
struct Pages {
    address: String,
    asked: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
    inside: String,
}

/// A page that names this as its picture.
fn page_with(picture: &str) -> String {
    format!("<title>Shown</title><meta property='og:image' content='{picture}'>")
}

impl Pages {
    async fn start(tasks: &mut JoinSet<()>, at: &str, inside: &str) -> Self {
        let listener = TcpListener::bind((at, 0)).await.unwrap();
        let pages = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
            sent: Arc::default(),
            inside: inside.to_owned(),
        };
        let app = Router::new().fallback(answer).with_state(pages.clone());
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        pages
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn answer(State(pages): State<Pages>, uri: Uri) -> Response {
    pages.asked.fetch_add(1, Ordering::Relaxed);
    let html = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    let to = |place: String| (StatusCode::FOUND, [(LOCATION, place)]).into_response();
    let chunk = |text: String| Ok::<_, Infallible>(Bytes::from(text));
    if let Some(picture) = uri.path().strip_prefix("/with") {
        let picture = match picture {
            "/there/inside" => format!("{}/photo.png", pages.inside),
            picture => picture.to_owned(),
        };
        return (html, page_with(&picture)).into_response();
    }
    let image = |bytes: Vec<u8>| ([(CONTENT_TYPE, "image/png")], bytes).into_response();
    match uri.path() {
        "/photo.png" => image(png(1_200, 630)),
        "/dot.png" => image(png(1, 1)),
        // 51 million pixels in some kilobytes.
        "/pixels.png" => image(png(51_000, 1_000)),
        "/page.png" => image(PAGE.into()),
        "/vector.png" => image(b"<svg xmlns='http://www.w3.org/2000/svg' width='99' height='99'/>".to_vec()),
        "/half.png" => image(png(400, 400)[..200].to_vec()),
        "/hop.png" => to("/photo.png".to_owned()),
        "/inside.png" => to(format!("{}/photo.png", pages.inside)),
        "/gone.png" => (StatusCode::NOT_FOUND, png(400, 400)).into_response(),
        "/endless.png" => {
            let sent = Arc::clone(&pages.sent);
            let begun = stream::once(async { Ok::<_, Infallible>(Bytes::from(png(400, 400))) });
            let more = stream::repeat_with(move || {
                sent.fetch_add(1, Ordering::Relaxed);
                Ok(Bytes::from(vec![0; 64 * 1_024]))
            });
            Body::from_stream(begun.chain(more)).into_response()
        }
        "/page" => (html, PAGE).into_response(),
        "/latin" => {
            let body: &[u8] = b"<title>Caf\xe9</title>";
            ([(CONTENT_TYPE, "text/html; charset=iso-8859-1")], body).into_response()
        }
        "/hop" => to("/page".to_owned()),
        "/round" => to("/round".to_owned()),
        "/inside" => to(format!("{}/page", pages.inside)),
        "/scheme" => to("file:///etc/passwd".to_owned()),
        "/image" => ([(CONTENT_TYPE, "image/svg+xml")], PAGE).into_response(),
        "/gone" => (StatusCode::NOT_FOUND, html, PAGE).into_response(),
        "/silent" | "/silent.png" => pending().await,
        "/slow" => {
            let begun = stream::once(async move { chunk("<title>Sl".to_owned()) });
            let body = Body::from_stream(begun.chain(stream::pending()));
            (html, body).into_response()
        }
        "/bomb" => {
            let sent = Arc::clone(&pages.sent);
            let begun = stream::once(async move { chunk("<title>A bomb</title>".to_owned()) });
            let more = stream::repeat_with(move || {
                sent.fetch_add(1, Ordering::Relaxed);
                chunk("<p>".repeat(4_096))
            });
            (html, Body::from_stream(begun.chain(more))).into_response()
        }
        _ => (html, "<p>no title").into_response(),
    }
}

struct Scene {
    world: World,
    ada: Person,
    pages: Pages,
    inside: Pages,
    /// Ends the servers with the scene.
    _tasks: JoinSet<()>,
}

impl Scene {
    async fn new() -> Self {
        Self::allowing(30).await
    }

    async fn allowing(per_minute: u32) -> Self {
        let mut tasks = JoinSet::new();
        let inside = Pages::start(&mut tasks, "127.0.0.1", "").await;
        let pages = Pages::start(&mut tasks, "127.0.0.2", &inside.address).await;
        let world = World::start_with(|config| {
            config.previews.enabled = true;
            config.outgoing.networks = vec!["127.0.0.2/32".to_owned()];
            config.previews.timeout_ms = 1_000;
            config.previews.per_minute = per_minute;
        })
        .await;
        let ada = world.set_up("ada").await;
        Self {
            world,
            ada,
            pages,
            inside,
            _tasks: tasks,
        }
    }

    async fn ask(&self, url: &str) -> Reply {
        self.world
            .post("/v1/previews", &self.ada, json!({"url": url}))
            .await
    }

    async fn ask_for(&self, path: &str) -> Reply {
        self.ask(&format!("{}{path}", self.pages.address)).await
    }
}

#[tokio::test]
async fn a_page_is_fetched_once_and_shown() {
    let scene = Scene::new().await;
    for path in ["/page", "/page", "/hop"] {
        let url = format!("{}{path}", scene.pages.address);
        let shown = scene.ask(&url).await.ok();
        let expect = json!({
            "url": url, "title": "Tides & times", "description": "High water at noon", "site_name": "Harbour",
        });
        assert_eq!(shown, expect);
    }
    assert_eq!(scene.pages.asked(), 3, "the second time it was kept");
    assert_eq!(scene.ask_for("/latin").await.ok()["title"], "Café");
    assert_eq!(
        scene.world.get("/v1/server", &scene.ada).await.ok()["limits"]["link_previews"],
        true
    );
}

/// The picture that a page names comes small, in the preview itself.
#[tokio::test]
async fn a_pages_picture_is_made_small() {
    let scene = Scene::new().await;
    for path in ["/with/photo.png", "/with/hop.png"] {
        let shown: LinkPreview = serde_json::from_value(scene.ask_for(path).await.ok()).unwrap();
        assert_eq!(preview::check(&shown, &shown.url), Ok(()));
        let bytes = STANDARD.decode(shown.picture.unwrap()).unwrap();
        let picture = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).unwrap();
        assert_eq!((picture.width(), picture.height()), (240, 126));
    }
    assert_eq!(scene.world.node().stats.preview_pictures_made.get(), 2);
    let asked = scene.pages.asked();
    scene.ask_for("/with/photo.png").await.ok();
    assert_eq!(scene.pages.asked(), asked, "kept with its picture");
    // A message takes it, and no other picture in its place.
    let send = async |picture: &str| {
        let content = json!({"kind": "plain", "text": "https://example.org/", "preview":
            {"url": "https://example.org/", "title": "a", "picture": picture}});
        let content: Content = serde_json::from_value(content).unwrap();
        let place = crate::files::group(&scene.world, &scene.ada, &[]).await;
        let caller = Caller {
            user: scene.ada.user,
            device: Some(scene.ada.device),
        };
        let message = Message {
            id: MessageId::new(scene.world.now(), [1; 10]),
            conversation: place,
            written_at: scene.world.now(),
            content,
            reply_to: None,
        };
        let sent = scene.world.node().messaging.send(caller, message).await;
        sent.map_err(|error| error.into_wire([0; 8]).code)
    };
    let shown: LinkPreview = serde_json::from_value(scene.ask_for("/with/photo.png").await.ok()).unwrap();
    let refused = send(&STANDARD.encode(png(40, 40))).await;
    assert_eq!(refused.unwrap_err(), ErrorCode::InvalidField);
    assert!(send(&shown.picture.unwrap()).await.is_ok());
}

/// Whatever is wrong with a picture, the page is shown without it.
#[tokio::test]
async fn a_picture_that_is_none_takes_nothing_away() {
    let scene = Scene::new().await;
    let bad = [
        "/dot.png",
        "/pixels.png",
        "/page.png",
        "/vector.png",
        "/half.png",
        "/inside.png",
        "/gone.png",
        "/silent.png",
        "/endless.png",
        "/there/inside",
    ];
    for path in bad {
        let shown = scene.ask_for(&format!("/with{path}")).await.ok();
        assert_eq!(
            (&shown["title"], shown.get("picture")),
            (&json!("Shown"), None),
            "{path}"
        );
    }
    let port = scene.inside.address.rsplit(':').next().unwrap();
    for picture in [
        &format!("//localhost:{port}/photo.png"),
        "file:///etc/passwd",
        "data:image/png;base64,iVBORw0KGgo=",
        "http://[",
    ] {
        let shown = scene.ask_for(&format!("/with{picture}")).await.ok();
        assert_eq!(shown.get("picture"), None, "{picture}");
    }
    assert_eq!(scene.inside.asked(), 0, "nobody is led inside");
    let stats = &scene.world.node().stats;
    assert_eq!(stats.preview_pictures_made.get(), 0);
    assert_eq!(stats.preview_pictures_refused.get(), bad.len() as u64 + 4);
    let sent = scene.pages.sent.load(Ordering::Relaxed) * 64 * 1_024;
    assert!(sent < 32 * 1_024 * 1_024, "{sent} bytes were taken");
}

#[tokio::test]
async fn nobody_is_led_inside() {
    let scene = Scene::new().await;
    let port = scene.inside.address.rsplit(':').next().unwrap().to_owned();
    assert_eq!(scene.ask_for("/inside").await.refusal(), (404, "not_found"));
    assert_eq!(scene.pages.asked(), 1);
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
    ] {
        let reply = scene.ask(&format!("http://{host}:{port}/page")).await;
        assert_eq!(reply.refusal(), (404, "not_found"), "{host}");
    }
    assert_eq!(scene.inside.asked(), 0);
    let counted = scene.world.node().stats.previews_refused.get();
    assert!(counted >= 5, "{counted}");
}

#[tokio::test]
async fn what_never_ends_is_left() {
    let scene = Scene::new().await;
    for path in [
        "/silent", "/slow", "/round", "/scheme", "/image", "/gone", "/nothing",
    ] {
        assert_eq!(scene.ask_for(path).await.refusal(), (404, "not_found"), "{path}");
    }
    // One for each, and four more round and round.
    assert_eq!(scene.pages.asked(), 7 + 4);
    assert_eq!(scene.world.node().stats.previews_late.get(), 2);
    assert_eq!(scene.ask_for("/bomb").await.ok()["title"], "A bomb");
    let sent = scene.pages.sent.load(Ordering::Relaxed) * 3 * 4_096;
    assert!(sent < 16 * 1_024 * 1_024, "{sent} bytes were taken");
}

#[tokio::test]
async fn previews_are_counted_and_only_where_they_are_allowed() {
    let scene = Scene::allowing(2).await;
    for _ in 0..2 {
        scene.ask_for("/page").await.ok();
    }
    assert_eq!(scene.ask_for("/page").await.refusal(), (429, "rate_limited"));
    for url in ["ftp://example.org/", "https://ada:secret@example.org/", "nothing"] {
        assert_eq!(scene.ask(url).await.refusal(), (400, "invalid_field"), "{url}");
    }
    let (world, ada) = World::with_ada().await;
    let body = json!({"url": format!("{}/page", scene.pages.address)});
    let refused = world.post("/v1/previews", &ada, body).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    assert_eq!(
        world.get("/v1/server", &ada).await.ok()["limits"]["link_previews"],
        false
    );
    assert_eq!(scene.pages.asked(), 1);
}
