//! What one token, or one address, was used for, and what one viewer watched.

use std::collections::HashMap;

use async_graphql::{ID, Result, SimpleObject};
use chrono::{DateTime, Utc};
use entity::{finding, session::Column};
use guard::Timestamp;

use super::{Part, analytics::Indicator, page::connection, rule::GuardianRule, series::Bucket, token::TokenStatus};
use crate::{
    analytics::{
        blocking, concurrency, findings, pages, standing,
        usage::{self, By, Ordering, Sessions, Usage},
    },
    fault::Fault,
    service::{
        bans,
        page::{Page, Wanted},
        reading::TokenIs,
        responses::Holds,
    },
    state::State,
};

/// What a token was used for.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct TokenUsage {
    /// Its id.
    jti: ID,
    /// The viewer that it names.
    user: Option<String>,
    /// Its label.
    tag: Option<String>,
    /// How long all sessions took, in seconds.
    duration_sum_s: f64,
    /// How long one took on average, in seconds.
    duration_avg_s: f64,
    /// How many there were; one that ran on several tokens counts for each.
    sessions: i32,
    /// Of how many streams.
    streams: i32,
    /// From how many addresses.
    ips: i32,
    /// Whose networks they came from most, by sessions.
    top_providers: Vec<Bucket>,
    /// From which countries most, by sessions.
    top_countries: Vec<Bucket>,
    /// From which pages most, by sessions.
    top_referrers: Vec<Bucket>,
    /// When the first began.
    first_start: DateTime<Utc>,
    /// When the last ended; none while one goes on.
    last_end: Option<DateTime<Utc>>,
    /// How many there were at once at most.
    max_concurrency: i32,
    /// What it is now. Of a token that was not made here its newest sessions say so: it is revoked where it would be refused
    /// on every stream that they were on.
    status: TokenStatus,
    /// Why it cannot be revoked by itself now; null where it can.
    not_revocable_because: Option<&'static str>,
    /// Until when a response keeps out whoever shows it, by itself or with its viewer; null where none does.
    held_until: Option<DateTime<Utc>>,
    /// How much it looks like misuse: 0 to 100; from 50 on it is called so.
    score: i32,
    /// What the score is made of.
    indicators: Vec<Indicator>,
}

impl TokenUsage {
    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 18] = [
        "jti",
        "user",
        "tag",
        "duration_sum_s",
        "duration_avg_s",
        "sessions",
        "streams",
        "ips",
        "top_providers",
        "top_countries",
        "top_referrers",
        "first_start",
        "last_end",
        "max_concurrency",
        "score",
        "status",
        "held_until",
        "indicators",
    ];

    /// A line of a file.
    pub(crate) fn cells(&self) -> [String; 18] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            self.jti.to_string(),
            text(&self.user),
            text(&self.tag),
            format!("{:.3}", self.duration_sum_s),
            format!("{:.3}", self.duration_avg_s),
            self.sessions.to_string(),
            self.streams.to_string(),
            self.ips.to_string(),
            listed(&self.top_providers),
            listed(&self.top_countries),
            listed(&self.top_referrers),
            super::written(self.first_start),
            self.last_end.map(super::written).unwrap_or_default(),
            self.max_concurrency.to_string(),
            self.score.to_string(),
            word(self.status).to_owned(),
            self.held_until.map(super::written).unwrap_or_default(),
            Indicator::listed(&self.indicators),
        ]
    }
}

connection!(
    /// Tokens that were used.
    TokenUsageConnection,
    TokenUsageEdge,
    TokenUsage
);

/// What was watched from an address.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct AddressUsage {
    /// The address; the /24 or /64, or the network as in `AS64500` (`none` where it is not known), where rows are grouped so.
    ip: String,
    /// How many addresses.
    addresses: i32,
    /// How long all sessions took, in seconds.
    duration_sum_s: f64,
    /// How long one took on average, in seconds.
    duration_avg_s: f64,
    /// How many there were.
    sessions: i32,
    /// Of how many streams.
    streams: i32,
    /// With how many tokens.
    tokens: i32,
    /// With which labels, those with most sessions first, three at most.
    tags: Vec<String>,
    /// Who runs the network, where it is known.
    provider: Option<String>,
    /// The network (AS number), where it is known.
    asn: Option<i64>,
    /// The country (ISO 3166-1 alpha-2), where it is known.
    country: Option<String>,
    /// When the first began.
    first_start: DateTime<Utc>,
    /// When the last ended; none while one goes on.
    last_end: Option<DateTime<Utc>>,
    /// How many there were at once at most.
    max_concurrency: i32,
    /// Whether a rule of the whole organisation keeps it out: by itself, by the network or by the country that it is in, all
    /// of them where it reaches over several.
    blocked: bool,
    /// The rule that does.
    blocked_by: Option<GuardianRule>,
    /// How much it looks like misuse: 0 to 100; from 50 on it is called so.
    score: i32,
    /// What the score is made of.
    indicators: Vec<Indicator>,
}

impl AddressUsage {
    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 18] = [
        "ip",
        "addresses",
        "duration_sum_s",
        "duration_avg_s",
        "sessions",
        "streams",
        "tokens",
        "tags",
        "provider",
        "asn",
        "country",
        "first_start",
        "last_end",
        "max_concurrency",
        "score",
        "blocked",
        "blocked_by",
        "indicators",
    ];

    /// A line of a file.
    pub(crate) fn cells(&self) -> [String; 18] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            self.ip.clone(),
            self.addresses.to_string(),
            format!("{:.3}", self.duration_sum_s),
            format!("{:.3}", self.duration_avg_s),
            self.sessions.to_string(),
            self.streams.to_string(),
            self.tokens.to_string(),
            self.tags.join("; "),
            text(&self.provider),
            self.asn.map(|asn| asn.to_string()).unwrap_or_default(),
            text(&self.country),
            super::written(self.first_start),
            self.last_end.map(super::written).unwrap_or_default(),
            self.max_concurrency.to_string(),
            self.score.to_string(),
            self.blocked.to_string(),
            self.blocked_by.as_ref().map(GuardianRule::cell).unwrap_or_default(),
            Indicator::listed(&self.indicators),
        ]
    }
}

connection!(
    /// Addresses from which was watched.
    AddressUsageConnection,
    AddressUsageEdge,
    AddressUsage
);

/// What a viewer watched, with whatever token that names them.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ViewerUsage {
    /// The viewer, as tokens name them.
    user: String,
    /// How long all sessions took, in seconds.
    duration_sum_s: f64,
    /// How long one took on average, in seconds.
    duration_avg_s: f64,
    /// How many there were.
    sessions: i32,
    /// Of how many streams.
    streams: i32,
    /// With how many tokens; of those that one session ran on, its newest counts.
    tokens: i32,
    /// From how many addresses.
    ips: i32,
    /// Whose networks they came from most, by sessions.
    top_providers: Vec<Bucket>,
    /// From which countries most, by sessions.
    top_countries: Vec<Bucket>,
    /// Media sent in those sessions, in bytes; of one that reaches beyond the time, all of it.
    bytes: f64,
    /// When the first began.
    first_start: DateTime<Utc>,
    /// When the last ended; none while one goes on.
    last_end: Option<DateTime<Utc>>,
    /// How many there were at once at most.
    max_concurrency: i32,
    /// Whether they are banned now: every token that names them is refused.
    banned: bool,
    /// Until when a response keeps out whoever shows a token that names them; null where none does.
    held_until: Option<DateTime<Utc>>,
    /// How much it looks like misuse: 0 to 100; from 50 on it is called so.
    score: i32,
    /// What the score is made of.
    indicators: Vec<Indicator>,
}

impl ViewerUsage {
    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 17] = [
        "user",
        "duration_sum_s",
        "duration_avg_s",
        "sessions",
        "streams",
        "tokens",
        "ips",
        "top_providers",
        "top_countries",
        "bytes",
        "first_start",
        "last_end",
        "max_concurrency",
        "score",
        "banned",
        "held_until",
        "indicators",
    ];

    /// A line of a file.
    pub(crate) fn cells(&self) -> [String; 17] {
        [
            self.user.clone(),
            format!("{:.3}", self.duration_sum_s),
            format!("{:.3}", self.duration_avg_s),
            self.sessions.to_string(),
            self.streams.to_string(),
            self.tokens.to_string(),
            self.ips.to_string(),
            listed(&self.top_providers),
            listed(&self.top_countries),
            self.bytes.to_string(),
            super::written(self.first_start),
            self.last_end.map(super::written).unwrap_or_default(),
            self.max_concurrency.to_string(),
            self.score.to_string(),
            self.banned.to_string(),
            self.held_until.map(super::written).unwrap_or_default(),
            Indicator::listed(&self.indicators),
        ]
    }
}

connection!(
    /// Viewers who watched.
    ViewerUsageConnection,
    ViewerUsageEdge,
    ViewerUsage
);

/// A page of the Token view.
pub(super) async fn tokens(
    state: &State,
    sessions: &Sessions,
    order: Ordering,
    wanted: Wanted,
) -> Result<TokenUsageConnection, Fault> {
    let page = pages::page(state, sessions, By::Token, order, wanted).await?;
    let rows = token_rows(state, sessions, &page.rows).await?;
    Ok(part(page, rows).into())
}

/// Those tokens with all that the view has of them.
pub(crate) async fn token_rows(state: &State, sessions: &Sessions, rows: &[Usage]) -> Result<Vec<TokenUsage>, Fault> {
    let connection = state.store.read();
    let subjects: Vec<String> = rows.iter().map(|row| row.subject.clone()).collect();
    let beside = Beside::of(state, sessions, By::Token, &subjects).await?;
    let mut providers = usage::tops(connection, sessions, By::Token, &subjects, Column::Provider).await?;
    let mut countries = usage::tops(connection, sessions, By::Token, &subjects, Column::Country).await?;
    let mut referrers = usage::tops(connection, sessions, By::Token, &subjects, Column::Referrer).await?;
    let standing = standing::tokens(state, connection, sessions.organisation, &subjects, state.now()).await?;
    let shape = |row: &Usage| {
        let (max_concurrency, indicators) = beside.of_row(&row.subject);
        let stand = standing.get(&row.subject);
        TokenUsage {
            duration_sum_s: seconds(row.duration_us),
            duration_avg_s: mean(row),
            sessions: number(row.sessions),
            streams: number(row.streams),
            ips: number(row.others),
            top_providers: buckets(providers.remove(&row.subject)),
            top_countries: buckets(countries.remove(&row.subject)),
            top_referrers: buckets(referrers.remove(&row.subject)),
            first_start: super::moment(row.first_at),
            last_end: ended(row),
            max_concurrency,
            status: stand.map_or(TokenIs::Active, |stand| stand.is).into(),
            not_revocable_because: stand.and_then(|stand| stand.not_revocable_because),
            held_until: held(stand.and_then(|stand| stand.held_until)),
            score: number(row.score),
            indicators,
            user: row.viewer.clone(),
            tag: row.tag.clone(),
            jti: ID::from(&row.subject),
        }
    };
    Ok(rows.iter().map(shape).collect())
}

/// A page of viewers.
pub(super) async fn viewers(
    state: &State,
    sessions: &Sessions,
    order: Ordering,
    wanted: Wanted,
) -> Result<ViewerUsageConnection, Fault> {
    let page = pages::page(state, sessions, By::Viewer, order, wanted).await?;
    let rows = viewer_rows(state, sessions, &page.rows).await?;
    Ok(part(page, rows).into())
}

/// Those viewers with all that the view has of them.
pub(crate) async fn viewer_rows(state: &State, sessions: &Sessions, rows: &[Usage]) -> Result<Vec<ViewerUsage>, Fault> {
    let connection = state.store.read();
    let subjects: Vec<String> = rows.iter().map(|row| row.subject.clone()).collect();
    let beside = Beside::of(state, sessions, By::Viewer, &subjects).await?;
    let mut providers = usage::tops(connection, sessions, By::Viewer, &subjects, Column::Provider).await?;
    let mut countries = usage::tops(connection, sessions, By::Viewer, &subjects, Column::Country).await?;
    let holds = Holds::among(connection, sessions.organisation, vec![], subjects.clone(), state.now()).await?;
    let banned = bans::among(connection, sessions.organisation, subjects).await?;
    let shape = |row: &Usage| {
        let (max_concurrency, indicators) = beside.of_row(&row.subject);
        ViewerUsage {
            duration_sum_s: seconds(row.duration_us),
            duration_avg_s: mean(row),
            sessions: number(row.sessions),
            streams: number(row.streams),
            tokens: number(row.others),
            ips: number(row.addresses),
            top_providers: buckets(providers.remove(&row.subject)),
            top_countries: buckets(countries.remove(&row.subject)),
            bytes: super::float(u64::try_from(row.bytes).unwrap_or(0)),
            first_start: super::moment(row.first_at),
            last_end: ended(row),
            max_concurrency,
            banned: banned.contains(&row.subject),
            held_until: held(holds.of_user(&row.subject)),
            score: number(row.score),
            indicators,
            user: row.subject.clone(),
        }
    };
    Ok(rows.iter().map(shape).collect())
}

/// A page of the IP view.
pub(super) async fn addresses(
    state: &State,
    sessions: &Sessions,
    by: By,
    order: Ordering,
    wanted: Wanted,
) -> Result<AddressUsageConnection, Fault> {
    let page = pages::page(state, sessions, by, order, wanted).await?;
    let rows = address_rows(state, sessions, by, &page.rows).await?;
    Ok(part(page, rows).into())
}

/// Those addresses with all that the view has of them.
pub(crate) async fn address_rows(
    state: &State,
    sessions: &Sessions,
    by: By,
    rows: &[Usage],
) -> Result<Vec<AddressUsage>, Fault> {
    let connection = state.store.read();
    let subjects: Vec<String> = rows.iter().map(|row| row.subject.clone()).collect();
    let beside = Beside::of(state, sessions, by, &subjects).await?;
    let mut tags = usage::tops(connection, sessions, by, &subjects, Column::Tag).await?;
    let mut blocked = blocking::of_rows(connection, sessions, by, &subjects, state.now()).await?;
    let shape = |row: &Usage| -> Result<AddressUsage, Fault> {
        let (max_concurrency, indicators) = beside.of_row(&row.subject);
        let tags = tags.remove(&row.subject).unwrap_or_default();
        let blocked_by = blocked.remove(&row.subject).map(GuardianRule::of).transpose()?;
        Ok(AddressUsage {
            duration_sum_s: seconds(row.duration_us),
            duration_avg_s: mean(row),
            sessions: number(row.sessions),
            streams: number(row.streams),
            tokens: number(row.others),
            tags: tags.into_iter().map(|(tag, _)| tag).collect(),
            first_start: super::moment(row.first_at),
            last_end: ended(row),
            max_concurrency,
            blocked: blocked_by.is_some(),
            blocked_by,
            score: number(row.score),
            indicators,
            provider: row.provider.clone(),
            asn: row.asn,
            country: row.country.clone(),
            addresses: number(row.addresses),
            ip: match (by, row.subject.as_str()) {
                (By::Network, "") => "none".to_owned(),
                (By::Network, number) => format!("AS{number}"),
                (_, text) => text.to_owned(),
            },
        })
    };
    rows.iter().map(shape).collect()
}

/// A page with all that its view has of each row.
fn part<T>(page: Page<Usage>, rows: Vec<T>) -> Part<T> {
    Part::of(page.shaped(Usage::key, rows), |(key, _)| key.clone(), |(_, row)| row)
}

/// What stands beside the sums of a page's rows.
struct Beside {
    by: By,
    most: HashMap<String, i64>,
    findings: HashMap<String, Vec<finding::Model>>,
}

impl Beside {
    async fn of(state: &State, sessions: &Sessions, by: By, subjects: &[String]) -> Result<Self, Fault> {
        let connection = state.store.read();
        let time = (sessions.from, sessions.to);
        let findings = if by.is_wide() {
            findings::of_most(connection, sessions, by, subjects).await?
        } else {
            let named = subjects.iter().map(|subject| by.named(subject)).collect();
            findings::of(connection, sessions.organisation, by.kind(), named, time).await?
        };
        Ok(Self {
            by,
            most: concurrency::most_at_once(connection, sessions, by, subjects).await?,
            findings,
        })
    }

    fn of_row(&self, subject: &str) -> (i32, Vec<Indicator>) {
        let findings = self.findings.get(&self.by.named(subject)).cloned().unwrap_or_default();
        let indicators = findings.into_iter().map(Indicator::of).collect();
        (number(self.most.get(subject).copied().unwrap_or(0)), indicators)
    }
}

fn held(until: Option<Timestamp>) -> Option<DateTime<Utc>> {
    until.map(|until| super::moment(until.us()))
}

fn ended(row: &Usage) -> Option<DateTime<Utc>> {
    (row.running == 0).then(|| super::moment(row.last_at))
}

fn buckets(values: Option<Vec<(String, i64)>>) -> Vec<Bucket> {
    let value = |number: i64| super::float(u64::try_from(number).unwrap_or(0));
    let values = values.unwrap_or_default().into_iter();
    values.map(|(name, number)| Bucket::of((name, value(number)))).collect()
}

const fn word(status: TokenStatus) -> &'static str {
    match status {
        TokenStatus::Active => "active",
        TokenStatus::Revoked => "revoked",
        TokenStatus::Expired => "expired",
    }
}

/// Values with their numbers of sessions, in a cell.
fn listed(buckets: &[Bucket]) -> String {
    let all: Vec<_> = buckets
        .iter()
        .map(|one| format!("{} ({})", one.name, one.value))
        .collect();
    all.join("; ")
}

fn mean(row: &Usage) -> f64 {
    seconds(row.duration_us) / super::float(u64::try_from(row.sessions).unwrap_or(1))
}

fn seconds(us: i64) -> f64 {
    super::float(u64::try_from(us).unwrap_or(0)) / 1e6
}

fn number(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
