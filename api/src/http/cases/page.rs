//! A case's report as one page of HTML, with its style and nothing else: no script, no picture, no address to fetch.

use std::{collections::BTreeSet, fmt::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use entity::{case_item, case_session};
use sha2::{Digest, Sha256};

use crate::{
    analytics::findings::{ADDRESS, TOKEN, USER},
    mail::escape,
    service::cases::{
        filling::{FINDING, was_seen},
        report::Report,
    },
};

/// The page.
pub(super) fn of(report: &Report) -> String {
    let case = &report.case;
    let of = |kind: &'static str| report.items.iter().filter(move |item| item.kind == kind);
    let title = escape(&case.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<p>{}</p>\n<h1><bdi>{title}</bdi></h1>\n\
         <p>Misuse report · {} · {}</p>\n</header>\n<main>\n",
        embedded_policy(),
        text(&report.organisation),
        if case.closed_at.is_some() { "closed" } else { "open" },
        period(report),
    );
    page += &summary(report);
    table(
        &mut page,
        ("Findings", "What was seen, and why it counts as misuse."),
        &["Of", "Sign", "Evidence", "#Points", "From", "To"],
        of(FINDING).map(|item| finding(report, item)),
    );
    table(
        &mut page,
        (
            "Tokens",
            "Credentials that were used, by their ids, as they stand when this report is made.",
        ),
        &["Token", "Label", "Status", "#Score", "#Sessions", "From", "To"],
        of(TOKEN).map(|item| token(report, item)),
    );
    table(
        &mut page,
        (
            "Addresses",
            "From where was watched, and others that belong to the case.",
        ),
        &["Address", "Network", "Country", "#Score", "#Sessions", "From", "To"],
        of(ADDRESS).map(address),
    );
    table(
        &mut page,
        (
            "Sessions",
            "The newest of each finding, token and address, in order of time (UTC).",
        ),
        &["Began", "Ended", "Stream", "Protocol", "Address", "Country", "Token"],
        report.sessions.iter().map(session),
    );
    if !report.notes.is_empty() {
        page += "<section>\n<h2>Notes</h2>\n";
        for (note, who) in &report.notes {
            let at = written(note.created_at);
            let _ = writeln!(
                page,
                "<div class=\"note\"><p class=\"quiet\">{} · {at}</p><p>{}</p></div>",
                text(who),
                text(&note.text)
            );
        }
        page += "</section>\n";
    }
    let _ = write!(
        page,
        "</main>\n<footer><p>Made {} by {} of {}. Times are UTC. A network (as in 192.0.2.0/24) is what was looked at, or \
         stands for an address in it, shortened to protect viewers.</p></footer>\n</body>\n</html>\n",
        written(report.at.us()),
        text(&report.by),
        text(&report.organisation),
    );
    page
}

/// What browsers let the page do: show its own style.
pub(super) fn policy() -> String {
    format!("{}; frame-ancestors 'none'; sandbox allow-modals", embedded_policy())
}

/// The same as a page can say it of itself, wherever it is kept.
fn embedded_policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}

fn summary(report: &Report) -> String {
    let of = |kind: &str| report.items.iter().filter(|item| item.kind == kind).count();
    let streams: BTreeSet<_> = report.sessions.iter().map(|row| &row.stream).collect();
    let countries: BTreeSet<_> = report.sessions.iter().filter_map(|row| row.country.as_ref()).collect();
    let judged = report.items.iter().filter(|item| item.kind != FINDING);
    let score = judged.map(|item| item.points).max().unwrap_or_default();
    let figures = [
        ("Findings", of(FINDING)),
        ("Tokens", of(TOKEN)),
        ("Addresses", of(ADDRESS)),
        ("Sessions listed", report.sessions.len()),
        ("Streams", streams.len()),
        ("Countries", countries.len()),
        ("Highest score", usize::try_from(score).unwrap_or_default()),
    ];
    let figures = figures.iter().fold(String::new(), |all, (name, value)| {
        all + "<div><dt>" + name + "</dt><dd>" + &value.to_string() + "</dd></div>\n"
    });
    let names: Vec<_> = streams.into_iter().map(|name| text(name)).collect();
    let streams = if names.is_empty() {
        String::new()
    } else {
        format!("<p>Streams: {}</p>\n", names.join(", "))
    };
    format!("<section>\n<h2>Summary</h2>\n<dl>\n{figures}</dl>\n{streams}</section>\n")
}

/// The time that it is about.
fn period(report: &Report) -> String {
    let seen = || report.items.iter().filter(|item| was_seen(item));
    let first = seen().map(|item| item.first_at);
    let first = first.chain(report.sessions.iter().map(|row| row.started_at)).min();
    let last = seen().map(|item| item.last_at);
    let last = last
        .chain(report.sessions.iter().map(|row| row.ended_at.unwrap_or(row.seen_at)))
        .max();
    match (first, last) {
        (Some(first), Some(last)) => format!("{} to {}", written(first), written(last)),
        _ if report.items.is_empty() => "nothing in it yet".to_owned(),
        _ => "nobody was seen yet".to_owned(),
    }
}

/// A table, where it has rows. Heads that begin with `#` are over numbers.
fn table(page: &mut String, (title, caption): (&str, &str), heads: &[&str], rows: impl Iterator<Item = String>) {
    let rows = rows.fold(String::new(), |rows, cells| rows + "<tr>" + &cells + "</tr>\n");
    if rows.is_empty() {
        return;
    }
    let heads = heads.iter().map(|head| match head.strip_prefix('#') {
        Some(head) => format!("<th scope=\"col\" class=\"n\">{head}</th>"),
        None => format!("<th scope=\"col\">{head}</th>"),
    });
    let heads: String = heads.collect();
    let _ = writeln!(
        page,
        "<section>\n<h2>{title}</h2>\n<div class=\"wide\" role=\"region\" aria-label=\"{title}\" tabindex=\"0\">\n<table>\n<caption>{caption}</caption>\n\
         <thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>"
    );
}

fn finding(report: &Report, item: &case_item::Model) -> String {
    let kind = match item.subject_kind.as_str() {
        TOKEN => "Token",
        ADDRESS => "Address",
        _ => "Viewer",
    };
    let named = item.subject_kind != USER || report.parts.viewers;
    let subject = if named {
        let class = if item.subject_kind == ADDRESS { "a" } else { "m" };
        format!("{kind} <span class=\"{class}\">{}</span>", text(&item.subject))
    } else {
        "A viewer".to_owned()
    };
    let sign = item.indicator.as_deref().map(misuse::label).unwrap_or_default();
    let rest = cell("", &text(&item.evidence)) + &cell("n", &item.points.to_string()) + &times(item);
    head("", &subject) + &cell("", &text(sign)) + &rest
}

fn token(report: &Report, item: &case_item::Model) -> String {
    let viewer = item.viewer.as_deref().filter(|_| report.parts.viewers);
    let viewer = viewer.map(|viewer| format!("<br>{}", text(viewer))).unwrap_or_default();
    let name = format!("<span class=\"m\">{}</span>{viewer}", text(&item.subject));
    let status = match item.status.as_deref() {
        Some("active") => "Active",
        Some("revoked") => "Revoked",
        Some("expired") => "Expired",
        _ => "Signed elsewhere",
    };
    let label = item.tag.as_deref().unwrap_or_default();
    head("", &name) + &cell("", &text(label)) + &cell("", status) + &counted(item) + &times(item)
}

fn address(item: &case_item::Model) -> String {
    let number = item.asn.map(|asn| format!("AS{asn}"));
    let network: Vec<_> = number.into_iter().chain(item.provider.clone()).collect();
    let land = item.country.as_deref().unwrap_or_default();
    let place = cell("", &text(&network.join(" "))) + &cell("", &text(land));
    let seen = if was_seen(item) {
        times(item)
    } else {
        "<td colspan=\"2\">Nobody watched from it</td>".to_owned()
    };
    head("a", &text(&item.subject)) + &place + &counted(item) + &seen
}

fn session(row: &case_session::Model) -> String {
    let ended = row.ended_at.map_or_else(|| "goes on".to_owned(), written);
    let token = row.jti.as_deref().unwrap_or_default();
    [
        cell("", &written(row.started_at)),
        cell("", &ended),
        cell("", &text(&row.stream)),
        cell("", &text(&row.protocol)),
        cell("a", &text(&row.address)),
        cell("", &text(row.country.as_deref().unwrap_or_default())),
        cell("m", &text(token)),
    ]
    .concat()
}

fn counted(item: &case_item::Model) -> String {
    cell("n", &item.points.to_string()) + &cell("n", &item.sessions.to_string())
}

fn times(item: &case_item::Model) -> String {
    cell("", &written(item.first_at)) + &cell("", &written(item.last_at))
}

fn head(class: &str, html: &str) -> String {
    format!("<th scope=\"row\" class=\"{class}\">{html}</th>")
}

fn cell(class: &str, html: &str) -> String {
    format!("<td class=\"{class}\">{html}</td>")
}

/// Somebody's words: nothing in them is markup, and none of them turns what stands beside it. Where one is so long that no
/// column is as wide, it may be broken anywhere.
fn text(text: &str) -> String {
    let is_long = text
        .split([' ', '\t', '\n', '-'])
        .any(|word| word.chars().count() > UNBROKEN);
    let class = if is_long { " class=\"l\"" } else { "" };
    format!("<bdi{class}>{}</bdi>", escape(text))
}

/// A moment, as people read it: where a column is narrow, the day above the time.
fn written(us: i64) -> String {
    let at: DateTime<Utc> = DateTime::from_timestamp_micros(us).unwrap_or_default();
    format!(
        "<time datetime=\"{}\"><span>{}</span> <span>{}</span></time>",
        at.to_rfc3339(),
        at.format("%Y-%m-%d"),
        at.format("%H:%M:%S")
    )
}

/// In characters.
const UNBROKEN: usize = 24;
const STYLE: &str = include_str!("report.css");
