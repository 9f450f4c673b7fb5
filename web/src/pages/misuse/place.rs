//! What a view shows stands in its address: time, filters, order, page, and the row that is open.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
    params::ParamsMap,
};

use super::{parts::ROWS, value};
use crate::{
    api::{
        failure::Failure,
        misuse::{AddressGroup, Filter, OrderDirection, Part, TimeRange},
        scalar::DateTime,
        sessions::Protocol,
        token_making::Number,
    },
    pages::audit::written,
    time,
};

/// What narrows a view: its name in the address, and what it is called.
pub(in crate::pages) const FILTERS: [(&str, &str); 10] = [
    ("stream", "Stream"),
    ("tag", "Tag"),
    ("ip", "IP"),
    ("jti", "JTI"),
    ("user", "User"),
    ("referrer", "Referrer"),
    ("country", "Country"),
    ("asn", "AS number"),
    ("provider", "Provider"),
    ("protocol", "Protocol"),
];

const OTHERS: [&str; 14] = [
    "last", "from", "to", "group", "sort", "dir", "after", "open", "metric", "apart", "door", "listed", "figure",
    "kind",
];

/// The address of a view.
#[derive(Clone, Copy)]
pub(in crate::pages) struct Place {
    query: Memo<ParamsMap>,
    go: Callback<(Vec<(&'static str, String)>, bool)>,
    /// The column by which rows go where the address names none.
    first: &'static str,
}

/// Which time a view is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Span {
    /// So many minutes until now.
    Last(u32),
    /// Between two moments, as the address has them: in UTC.
    Between(String, String),
}

impl Span {
    /// As it is asked for now.
    pub(in crate::pages) fn range(&self) -> TimeRange {
        match self {
            Self::Last(minutes) => TimeRange {
                from: time::before(std::time::Duration::from_mins((*minutes).into())),
                to: None,
            },
            Self::Between(from, to) => TimeRange {
                from: time::moment(from).unwrap_or_else(|| DateTime(from.clone())),
                to: time::moment(to),
            },
        }
    }
}

impl Place {
    /// The place of the view at `path`.
    pub(in crate::pages) fn at(path: &'static str) -> Self {
        let (query, navigate) = (use_query_map(), use_navigate());
        let go = move |(changed, replace): (Vec<(&'static str, String)>, bool)| {
            let now = |name: &str| query.with_untracked(|query| standing(query, name));
            let to = |name: &str| changed.iter().find(|(one, _)| *one == name).map(|(_, to)| to.clone());
            // Another time, filter or order begins at its first page.
            let is_other = changed.iter().any(|(name, _)| !matches!(*name, "after" | "open"));
            let names = FILTERS.iter().map(|(name, _)| *name).chain(OTHERS);
            let pairs: Vec<_> = names
                .map(|name| match to(name) {
                    Some(to) => (name, to.trim().to_owned()),
                    None if name == "after" && is_other => (name, String::new()),
                    None => (name, now(name)),
                })
                .collect();
            let options = NavigateOptions {
                replace,
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&format!("{path}{}", written(&pairs)), options);
        };
        Self {
            query,
            go: Callback::new(go),
            first: "score",
        }
    }

    /// The same place, whose rows go by that column where the address names none.
    pub(in crate::pages) fn going_by(self, first: &'static str) -> Self {
        Self { first, ..self }
    }

    /// What stands in the address under that name.
    pub(in crate::pages) fn of(self, name: &str) -> String {
        self.query.with(|query| standing(query, name))
    }

    /// The same, as a signal.
    pub(in crate::pages) fn signal(self, name: &'static str) -> Signal<String> {
        Signal::derive(move || self.of(name))
    }

    /// Changes what stands there, in the place of what stood there before.
    pub(in crate::pages) fn go(self, changed: impl IntoIterator<Item = (&'static str, String)>) {
        self.go.run((changed.into_iter().collect(), true));
    }

    /// Changes what stands there; the way back leads here.
    pub(in crate::pages) fn go_on(self, changed: impl IntoIterator<Item = (&'static str, String)>) {
        self.go.run((changed.into_iter().collect(), false));
    }

    /// The way to another page that shows the same time, narrowed by `filters`.
    pub(in crate::pages) fn way<const N: usize>(self, path: &str, filters: [(&'static str, String); N]) -> String {
        let time = ["last", "from", "to"].map(|name| (name, self.of(name)));
        let pairs: Vec<_> = time.into_iter().chain(filters).collect();
        format!("{path}{}", written(&pairs))
    }

    /// The way to the row of that name on another page, and to its panel, of the same time.
    pub(super) fn way_to(self, path: &str, open: &str) -> String {
        self.way(path, [("open", open.to_owned())])
    }

    pub(in crate::pages) fn span(self) -> Span {
        let (from, to) = (self.of("from"), self.of("to"));
        if from.is_empty() {
            Span::Last(self.of("last").parse().unwrap_or(DAY_MIN))
        } else {
            Span::Between(from, to)
        }
    }

    /// What narrows the view; why nothing can be asked, where a value is none.
    pub(in crate::pages) fn filter(self) -> Result<Filter, Failure> {
        let of = |name: &str| Some(self.of(name)).filter(|text| !text.is_empty());
        let wrong = |why: &str| Failure::Refused(why.to_owned());
        let protocol =
            of("protocol").map(|word| Protocol::of(&word).ok_or_else(|| wrong("There is no such protocol.")));
        let asn = of("asn").map(|text| value::asn(&text).ok_or_else(|| wrong(value::ASN)));
        Ok(Filter {
            stream: of("stream"),
            protocol: protocol.transpose()?,
            jti: of("jti").map(cynic::Id::new),
            user: of("user"),
            tag: of("tag"),
            ip: of("ip"),
            country: of("country"),
            asn: asn.transpose()?.map(Number),
            provider: of("provider"),
            referrer: of("referrer"),
        })
    }

    /// The page of rows that is shown.
    pub(super) fn part(self) -> Result<Part, Failure> {
        Ok(Part {
            range: self.span().range(),
            filter: self.filter()?,
            first: ROWS,
            after: Some(self.of("after")).filter(|after| !after.is_empty()),
            direction: self.direction(),
            group: self.group(),
        })
    }

    /// What a row is, where a view can be taken together.
    pub(super) fn group(self) -> AddressGroup {
        match self.of("group").as_str() {
            "subnet" => AddressGroup::Subnet,
            "network" => AddressGroup::Network,
            _ => AddressGroup::Address,
        }
    }

    pub(in crate::pages) fn direction(self) -> OrderDirection {
        if self.of("dir") == "asc" {
            OrderDirection::Ascending
        } else {
            OrderDirection::Descending
        }
    }

    /// Orders by that column; once more, the other way round. What has letters begins with A.
    pub(in crate::pages) fn sort(self, word: &'static str, is_text: bool) {
        let (now, ascending) = untrack(|| (self.of("sort"), self.direction() == OrderDirection::Ascending));
        let is_now = now == word || (now.is_empty() && word == self.first);
        let ascending = if is_now { !ascending } else { is_text };
        let dir = if ascending { "asc" } else { "desc" };
        self.go([("sort", word.to_owned()), ("dir", dir.to_owned())]);
    }

    /// By which column rows go.
    pub(in crate::pages) fn column(self) -> String {
        let word = self.of("sort");
        if word.is_empty() { self.first.to_owned() } else { word }
    }

    /// Whether rows go by that column, and how; `word` of the first order stands for none.
    pub(in crate::pages) fn sorted(self, word: &'static str) -> Signal<Option<bool>> {
        Signal::derive(move || {
            let now = self.of("sort");
            let is = now == word || (now.is_empty() && word == self.first);
            is.then(|| self.direction() == OrderDirection::Ascending)
        })
    }
}

/// What stands in the address under that name. Moments are in UTC, also where an older address has them without a zone:
/// these are of the reader's own.
fn standing(query: &ParamsMap, name: &str) -> String {
    let text = query.get(name).unwrap_or_default();
    match name {
        "from" | "to" => time::in_utc(&text).unwrap_or(text),
        _ => text,
    }
}

/// The way to a page of the time in which something was seen: from a day before to an hour after, or of the last day, live,
/// where it was seen within that. `narrowed`: what stands in the address beside the time.
pub(in crate::pages) fn way_around(
    path: &str,
    (first, last): (&DateTime, &DateTime),
    narrowed: (&'static str, &str),
) -> String {
    let (first, last) = (time::millis(first), time::millis(last));
    let now = js_sys::Date::now();
    let mut pairs = Vec::new();
    if first < now - DAY_MS {
        pairs.push(("from", time::minute_in_utc(first - DAY_MS)));
        if last + HOUR_MS < now {
            pairs.push(("to", time::minute_in_utc(last + HOUR_MS)));
        }
    }
    let (name, value) = narrowed;
    pairs.push((name, value.to_owned()));
    format!("{path}{}", written(&pairs))
}

pub(in crate::pages) const DAY_MIN: u32 = 24 * 60;
pub(super) const DAY_MS: f64 = 24.0 * HOUR_MS;
const HOUR_MS: f64 = 3_600_000.0;
