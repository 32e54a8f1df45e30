//! The documents that describe the protocol, served by the server itself.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use pipit_wire::WireError;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};

const ACCESS_TOKEN: &str = "access_token";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Pipit",
        description = "Everything that is not live. What is live goes over the WebSocket at /v1/ws: see /v1/asyncapi.json.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(WireError))
)]
struct Frame;

/// The OpenAPI document, made from the handlers.
pub fn openapi() -> OpenApi {
    let mut document = Frame::openapi();
    document.merge(super::endpoints().into_openapi());
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    document
        .components
        .get_or_insert_default()
        .security_schemes
        .insert(ACCESS_TOKEN.to_owned(), SecurityScheme::Http(scheme).into());
    // Whatever says nothing of its own needs an access token.
    document.security = Some(vec![SecurityRequirement::new(ACCESS_TOKEN, Vec::<String>::new())]);
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("WireError")))
            .build();
        let error = ResponseBuilder::new()
            .description("An error: its code, a sentence, and whether to try again.")
            .content("application/json", content)
            .build();
        operation
            .responses
            .responses
            .insert("default".to_owned(), error.into());
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.head,
        &mut item.options,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// The OpenAPI document of this server.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "server", responses((status = 200, content_type = "application/json")), security(()))]
pub(super) async fn openapi_json() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| openapi().to_json().unwrap_or_default());
    document(&TEXT)
}

/// The AsyncAPI document of the WebSocket.
#[utoipa::path(get, path = "/v1/asyncapi.json", tag = "server", responses((status = 200, content_type = "application/json")), security(()))]
pub(super) async fn asyncapi_json() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| pipit_wire::asyncapi::document().to_string());
    document(&TEXT)
}

fn document(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
