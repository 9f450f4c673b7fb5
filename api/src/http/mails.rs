//! `GET /mails`, in a demo only: the mails that it would have sent. Their links let people in, so the page is for a
//! browser on this machine alone: by its address, and by the name that it asks for, since a page elsewhere can make its
//! own name lead here (DNS rebinding) but cannot make a browser ask for another.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use chrono::DateTime;

use super::Doors;
use crate::mail::{Kept, escape, kept};

/// The page; to everybody else it does not exist.
pub(super) async fn page(State(doors): State<Doors>, request: Request) -> Response {
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let near = address.is_some_and(|ConnectInfo(address)| address.ip().to_canonical().is_loopback());
    if !near || !asks_for_this_machine(request.headers()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(mails) = kept(&doors.state).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let shown: String = mails.iter().map(article).collect();
    let shown = if mails.is_empty() { NONE.to_owned() } else { shown };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(PAGE.replace("{mails}", &shown))).into_response()
}

/// Whether the request names this machine by a name that nobody else can have.
fn asks_for_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let Ok(host) = host.to_str() else { return false };
    let (name, port) = match host.rsplit_once(':') {
        // The last colon of `[::1]` is the address's own.
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let name = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    let this_machine = name
        .parse()
        .is_ok_and(|address: IpAddr| address.to_canonical().is_loopback());
    (this_machine || name.eq_ignore_ascii_case("localhost")) && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn article(mail: &Kept) -> String {
    let row = &mail.row;
    let at = DateTime::from_timestamp_micros(row.created_at).unwrap_or_default();
    let fate = match (row.sent_at, row.given_up_at) {
        (Some(_), _) => "sent",
        (None, Some(_)) => "given up",
        (None, None) => "waiting",
    };
    let trouble = row.trouble.as_deref().map(|trouble| format!(" · {}", escape(trouble)));
    let head = format!(
        "<p class=\"quiet\">to {} · <time datetime=\"{}\">{}</time> · {fate}{}</p>",
        escape(&row.recipient),
        at.to_rfc3339(),
        at.format("%-d %B %Y, %H:%M:%S UTC"),
        trouble.unwrap_or_default(),
    );
    let Some(letter) = &mail.letter else {
        return format!("<article>{head}</article>\n");
    };
    let paragraphs = letter.text.trim().split("\n\n");
    let text = paragraphs.fold(String::new(), |text, paragraph| {
        text + "<p>" + &linked(paragraph) + "</p>"
    });
    format!(
        "<article><h2>{}</h2>{head}{text}<details><summary>As HTML</summary>\
         <iframe title=\"The mail as HTML\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\" srcdoc=\"{}\"></iframe>\
         </details></article>\n",
        escape(&letter.subject),
        escape(&letter.html),
    )
}

/// A text as HTML, with its web addresses as links.
fn linked(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|word| {
            let address = word.trim_end();
            if address.starts_with("http://") || address.starts_with("https://") {
                let address = escape(address);
                format!("<a href=\"{address}\" target=\"_blank\" rel=\"noopener noreferrer\">{address}</a>\n")
            } else {
                escape(word)
            }
        })
        .collect()
}

const NONE: &str = "<article><p>Nothing was mailed yet: invite somebody, or ask for a new password.</p></article>";
const PAGE: &str = include_str!("mails.html");
/// Nothing is loaded, nothing runs, nobody frames it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
                      form-action 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(hosts: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().unwrap());
        }
        asks_for_this_machine(&headers)
    }

    #[test]
    fn only_names_that_are_always_this_machine_are_answered() {
        for host in [
            "localhost",
            "LocalHost:8080",
            "127.0.0.1:8080",
            "127.0.0.2",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(asks(&[host]), "{host}");
        }
        for host in [
            "evil.example.com",
            "localhost.evil.example.com",
            "localhost:80@evil.example.com",
            "127.0.0.1.evil.example.com:8080",
            "192.0.2.1",
            "[2001:db8::1]:8080",
            "",
        ] {
            assert!(!asks(&[host]), "{host}");
        }
        assert!(!asks(&[]) && !asks(&["localhost", "evil.example.com"]));
    }

    #[test]
    fn an_address_becomes_a_link_and_nothing_else_becomes_markup() {
        let shown = linked("Accept <b>:\nhttp://live.example.com/invitation#A\"b\n");
        assert_eq!(
            shown,
            "Accept &lt;b&gt;:\n<a href=\"http://live.example.com/invitation#A&quot;b\" target=\"_blank\" \
             rel=\"noopener noreferrer\">http://live.example.com/invitation#A&quot;b</a>\n"
        );
        assert!(!linked("javascript:alert(1)").contains("<a"));
    }
}
