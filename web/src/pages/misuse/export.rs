//! A view as a file: all of its rows, asked for a hundred at a time.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use super::words;
use crate::{
    api::{
        failure::Failure,
        misuse::{Bucket, Indicator},
        page::Page,
    },
    browser,
    kit::Toasts,
};

/// So many rows are asked for at a time.
pub(super) const ROWS: i32 = 100;

/// More rows than people read; who wants more asks the API.
const MOST: usize = 20_000;

/// Asks for every row, and hands them over as a file of that name.
pub(super) fn run<T, A, F>(
    busy: RwSignal<bool>,
    toasts: Toasts,
    name: &'static str,
    fields: &'static str,
    ask: A,
    cells: impl Fn(&T) -> Vec<String> + 'static,
) where
    A: Fn(Option<String>) -> F + 'static,
    F: Future<Output = Result<Page<T>, Failure>> + 'static,
{
    busy.set(true);
    spawn_local(async move {
        let (mut text, mut rows, mut after) = (format!("{fields}\r\n"), 0, None);
        let told = loop {
            let page = match ask(after).await {
                Ok(page) => page,
                Err(why) => break Err(why.to_string()),
            };
            rows += page.nodes.len();
            for row in &page.nodes {
                text.push_str(&line(&cells(row)));
            }
            match page.next {
                Some(next) if rows < MOST => after = Some(next),
                next => break Ok(next.is_some()),
            }
        };
        if busy.try_set(false).is_some() {
            return; // the page is gone
        }
        match told {
            Ok(more) => {
                browser::download(name, "text/csv", &text);
                if more {
                    toasts.bad(format!("There are more rows: the file has the first {rows}."));
                }
            }
            Err(why) => toasts.bad(why),
        }
    });
}

/// Values with their numbers of sessions, in a cell.
pub(super) fn listed(buckets: &[Bucket]) -> String {
    let all: Vec<_> = buckets
        .iter()
        .map(|one| format!("{} ({})", one.name, one.value))
        .collect();
    all.join("; ")
}

/// What a score is made of, in a cell.
pub(super) fn signs(indicators: &[Indicator]) -> String {
    let all: Vec<_> = indicators
        .iter()
        .map(|one| format!("{}: {}", words::label(&one.code), one.evidence))
        .collect();
    all.join("; ")
}

/// One line (RFC 4180), every cell quoted.
fn line(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A quoted cell. What a spreadsheet would take for a formula gets an apostrophe, which says that it is text.
fn cell(text: &str) -> String {
    let is_formula = text
        .trim_start_matches(['\'', ' ', '\u{a0}', '\u{feff}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%', '＝', '＋', '－', '＠']);
    let mark = if is_formula { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}
