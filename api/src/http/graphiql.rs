//! GraphiQL, in a demo only. Its own files are part of the dashboard's build and served below `/graphiql/`.

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};

/// The page at `GET /graphql`.
pub(super) fn page() -> Response {
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
                  worker-src 'self' blob:";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(PAGE)).into_response()
}

/// What makes the page an editor.
pub(super) async fn start() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], START).into_response()
}

const PAGE: &str = include_str!("graphiql.html");
const START: &str = include_str!("graphiql.js");
