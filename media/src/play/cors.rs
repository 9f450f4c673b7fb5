//! Which pages may read what their players fetch (CORS): those of the organisation's setting, all where it says nothing.
//!
//! A preflight is answered without a decision. With the viewer's cookie only a page may read that is written out in full:
//! whoever gets hold of any name below a pattern's is not meant by that. Browsers let every page open a socket, and send
//! the cookie along: there the same decides whether it counts.

use std::time::Duration;

use axum::{
    RequestExt,
    extract::{RawPathParams, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use guard::OriginPattern;
use ids::StreamName;
use tower_http::cors::{Any, CorsLayer};

use super::{Node, refuse};

/// What is said where every page may read.
pub(super) fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::RANGE])
        .expose_headers([refuse::REASON, refuse::DECISION])
        .max_age(Duration::from_mins(10))
}

/// Says it to those pages only that the organisation allows, where it names some; to those that it names in full, also of
/// what was fetched with a cookie, which browsers never let a page read that is one of all.
pub(super) async fn narrow(State(node): State<Node>, mut request: Request, next: Next) -> Response {
    let path = request.extract_parts::<RawPathParams>().await;
    let path = path.iter().flatten();
    let name = path
        .filter(|(name, _)| *name == "name")
        .find_map(|(_, name)| name.parse().ok());
    let said = said(&node, name.as_ref(), request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    match said {
        Said::ToAll => {}
        Said::To { origin, with_cookies } => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            if with_cookies {
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                    HeaderValue::from_static("true"),
                );
            }
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        Said::ToNobody => {
            headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
    }
    response
}

/// Whether a request for a socket counts by its viewer's cookie: where no page sends it, one of the platform's own, or one
/// that may read with the cookie what it fetches.
pub(super) fn may_show_cookie(node: &Node, stream: Option<&StreamName>, headers: &HeaderMap, encrypted: bool) -> bool {
    !headers.contains_key(header::ORIGIN)
        || is_own(headers, encrypted)
        || matches!(said(node, stream, headers), Said::To { with_cookies: true, .. })
}

/// Whether the page is from the host and port that are asked, and came by HTTPS where the request did: anybody on the
/// way can put a page in the clear in that host's place. What comes in the clear may come from a proxy that ends HTTPS
/// and says nothing of it.
fn is_own(headers: &HeaderMap, encrypted: bool) -> bool {
    let text = |name| only(headers, name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(&header::ORIGIN), text(&header::HOST)) else {
        return false;
    };
    let schemes: &[&str] = if encrypted { &["https"] } else { &["http", "https"] };
    schemes.iter().any(|scheme| {
        let own = format!("{scheme}://{host}").parse::<OriginPattern>();
        own.is_ok_and(|own| own.is_one() && own.matches(origin))
    })
}

enum Said {
    ToAll,
    To { origin: HeaderValue, with_cookies: bool },
    ToNobody,
}

fn said(node: &Node, stream: Option<&StreamName>, headers: &HeaderMap) -> Said {
    let policy = node.gate.policy();
    let tenant = policy.as_deref().and_then(|policy| policy.tenant_of(stream?));
    let Some(allowed) = tenant
        .map(|tenant| &tenant.organisation.origins)
        .filter(|all| !all.is_empty())
    else {
        return Said::ToAll;
    };
    let Some(origin) = only(headers, &header::ORIGIN) else {
        return Said::ToNobody;
    };
    let fits = |one: &&OriginPattern| origin.to_str().is_ok_and(|text| one.matches(text));
    let mut meant = allowed.iter().filter(fits).peekable();
    if meant.peek().is_none() {
        return Said::ToNobody;
    }
    Said::To {
        origin: origin.clone(),
        with_cookies: meant.any(OriginPattern::is_one),
    }
}

/// The header's value, where it stands there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}
