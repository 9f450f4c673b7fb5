//! The dashboard and the player, from inside the binary: compressed once when they were built, and cached for ever where
//! the name says what is inside.

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "web/dist/"]
struct Files;

/// Answers whatever no plane answers: files by their name, and the dashboard's page for its own addresses. `GraphiQL`'s
/// files are there where it is wanted.
pub(crate) fn router(graphiql: bool) -> Router {
    Router::new().fallback(move |request| async move { serve(&request, graphiql) })
}

fn serve(request: &Request, graphiql: bool) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let name = match path {
        "watch" => "watch.html",
        _ if path.starts_with("graphiql/") && !graphiql => return StatusCode::NOT_FOUND.into_response(),
        _ if Files::get(path).is_some() && !is_compressed(path) => path,
        // Addresses of the dashboard have no dot; a file that is not there is not there.
        _ if path.contains('.') || APIS.iter().any(|api| path.split('/').next() == Some(api)) => {
            return StatusCode::NOT_FOUND.into_response();
        }
        _ => "index.html",
    };
    let Some((file, encoding)) = negotiate(name, request.headers()) else {
        let hint =
            "the dashboard is not part of this build: run `cargo xtask up`, or `cargo xtask web` and build again";
        return (StatusCode::NOT_FOUND, hint).into_response();
    };
    answer(name, &file, encoding, request.headers())
}

/// The smallest form of a file that the browser takes.
fn negotiate(name: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let takes = |coding: &str| {
        accepted.split(',').any(|part| {
            let mut words = part.split(';').map(str::trim);
            words.next() == Some(coding) && !words.any(|word| word == "q=0")
        })
    };
    [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(coding, _)| takes(coding))
        .find_map(|(coding, suffix)| Files::get(&format!("{name}{suffix}")).map(|file| (file, Some(coding))))
        .or_else(|| Files::get(name).map(|file| (file, None)))
}

fn answer(name: &str, file: &EmbeddedFile, encoding: Option<&'static str>, asked: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let etag = hash[..16]
        .iter()
        .fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}"))
        + "\"";
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(etag.as_str());
    let body = if known {
        Body::empty()
    } else {
        Body::from(file.data.clone().into_owned())
    };
    let mut response = Response::new(body);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    // The type is that of what is inside, not of how it is compressed.
    let kind = Files::get(name).map(|plain| plain.metadata.mimetype().to_owned());
    let kind = kind.and_then(|kind| HeaderValue::from_str(&kind).ok());
    headers.insert(
        header::CONTENT_TYPE,
        kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    let cache = if is_hashed(name) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    for (header, value) in SECURITY {
        headers.insert(header.clone(), HeaderValue::from_static(value));
    }
    if name == "player.js" {
        // Any site may embed the player.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
    }
    response
}

fn is_compressed(path: &str) -> bool {
    [".br", ".gz"].iter().any(|suffix| path.ends_with(suffix))
}

/// Whether a name holds a content hash, as in `app-0123456789abcdef.css`.
fn is_hashed(name: &str) -> bool {
    let stem = name
        .rsplit('/')
        .next()
        .and_then(|file| file.split('.').next())
        .unwrap_or_default();
    stem.split(['-', '_'])
        .any(|part| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What is never the dashboard's.
const APIS: [&str; 8] = [
    "graphql",
    "live",
    "t",
    ".well-known",
    "mails",
    "metrics",
    "healthz",
    "readyz",
];

const SECURITY: [(HeaderName, &str); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         connect-src 'self' ws: wss:; media-src 'self' blob:; img-src 'self' data: blob:; font-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
    ),
    (header::REFERRER_POLICY, "strict-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

#[cfg(test)]
mod tests {
    use super::is_hashed;

    #[test]
    fn only_names_with_a_hash_are_cached_for_ever() {
        assert!(is_hashed("app-0123456789abcdef.js"));
        assert!(is_hashed("app-0123456789abcdef_bg.wasm"));
        assert!(!is_hashed("index.html"));
        assert!(!is_hashed("player.js"));
    }
}
