//! What is being filled in, and the claims that it comes to, read by the parser that will read the token.

use std::sync::Arc;

use guard::{
    Timestamp,
    lint::{Finding, Traits, lint},
    token::{Claims, Malformed, claims_of},
};
use leptos::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    api::{
        token_making::{CreatePlaybackTokenInput, Number},
        tokens::Door,
    },
    time,
};

/// Which streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Streams,
    Groups,
    All,
}

/// When it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    In(i32),
    At,
}

/// The fields of the form.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub(super) door: RwSignal<Door>,
    pub(super) scope: RwSignal<Scope>,
    pub(super) streams: RwSignal<Vec<String>>,
    pub(super) groups: RwSignal<Vec<String>>,
    pub(super) end: RwSignal<End>,
    pub(super) until: RwSignal<String>,
    pub(super) from: RwSignal<String>,
    pub(super) user: RwSignal<String>,
    pub(super) tag: RwSignal<String>,
    pub(super) ip: RwSignal<String>,
    pub(super) domains: RwSignal<String>,
    pub(super) countries: RwSignal<String>,
    pub(super) asns: RwSignal<String>,
    pub(super) agent: RwSignal<String>,
    pub(super) max_sessions: RwSignal<String>,
    pub(super) bind_ips: RwSignal<String>,
    pub(super) max_uses: RwSignal<String>,
    pub(super) revocable: RwSignal<bool>,
    pub(super) disconnect: RwSignal<Option<bool>>,
    pub(super) mfa: RwSignal<bool>,
    pub(super) handle: RwSignal<bool>,
}

impl Draft {
    /// An empty one, for a stream where that is known.
    pub(super) fn new(stream: Option<String>) -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            door: RwSignal::new(Door::Playback),
            scope: RwSignal::new(Scope::Streams),
            streams: RwSignal::new(stream.into_iter().collect()),
            groups: RwSignal::new(vec![]),
            end: RwSignal::new(End::In(900)),
            until: text(),
            from: text(),
            user: text(),
            tag: text(),
            ip: text(),
            domains: text(),
            countries: text(),
            asns: text(),
            agent: text(),
            max_sessions: text(),
            bind_ips: text(),
            max_uses: text(),
            revocable: RwSignal::new(true),
            disconnect: RwSignal::new(None),
            mfa: RwSignal::new(false),
            handle: RwSignal::new(false),
        }
    }

    /// Whether it is for a broadcaster.
    pub(super) fn publishes(self) -> bool {
        self.door.get() == Door::Ingest
    }

    /// The claims that are chosen here, as the token will carry them; `now` in unix seconds. What is no number or no
    /// moment stands there as it was written, for the parser to find.
    pub(super) fn claims(self, now: i64) -> Map<String, Value> {
        let viewer = !self.publishes();
        let mut claims = Map::new();
        let exp = match self.end.get() {
            End::In(seconds) => json!(now.saturating_add(i64::from(seconds))),
            End::At => self.until.with(|text| seconds(text)).unwrap_or(Value::Null),
        };
        claims.insert("aud".to_owned(), json!(if viewer { "play" } else { "publish" }));
        claims.insert("iat".to_owned(), json!(now));
        claims.insert("exp".to_owned(), exp);
        match self.scope.get() {
            Scope::Streams => claims.insert("streams".to_owned(), json!(self.streams.get())),
            Scope::Groups => claims.insert("groups".to_owned(), json!(self.groups.get())),
            Scope::All => claims.insert("org".to_owned(), json!(true)),
        };
        let list = |text: RwSignal<String>| Some(text.with(|text| words(text))).filter(|words| !words.is_empty());
        let line =
            |text: RwSignal<String>| Some(text.with(|text| text.trim().to_owned())).filter(|text| !text.is_empty());
        let number = |text: RwSignal<String>| {
            line(text).map(|text| text.parse::<u32>().map_or_else(|_| json!(text), Value::from))
        };
        let given = [
            ("nbf", self.from.with(|text| seconds(text))),
            ("user", line(self.user).map(Value::from)),
            ("tag", line(self.tag).map(Value::from)),
            ("ip", list(self.ip).map(Value::from)),
            ("domains", list(self.domains).filter(|_| viewer).map(Value::from)),
            ("countries", list(self.countries).map(Value::from)),
            ("asns", list(self.asns).map(Value::from)),
            ("ua", line(self.agent).filter(|_| viewer).map(Value::from)),
            ("maxSessions", number(self.max_sessions).filter(|_| viewer)),
            ("bindIps", number(self.bind_ips).filter(|_| viewer)),
            ("maxUses", number(self.max_uses)),
            ("revocable", (!self.revocable.get()).then_some(Value::Bool(false))),
            ("forceDisconnect", self.disconnect.get().map(Value::Bool)),
            ("amr", (self.mfa.get() && viewer).then(|| json!(["mfa"]))),
        ];
        claims.extend(
            given
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?))),
        );
        claims
    }

    /// The same as the API takes it.
    pub(super) fn input(self) -> CreatePlaybackTokenInput {
        let line = |text: RwSignal<String>| {
            Some(text.with_untracked(|text| text.trim().to_owned())).filter(|text| !text.is_empty())
        };
        let list =
            |text: RwSignal<String>| Some(text.with_untracked(|text| words(text))).filter(|words| !words.is_empty());
        let number = |text: RwSignal<String>| line(text).and_then(|text| text.parse().ok()).map(Number);
        let scope = self.scope.get_untracked();
        let (ttl_seconds, expires_at) = match self.end.get_untracked() {
            End::In(seconds) => (Some(seconds), None),
            End::At => (None, self.until.with_untracked(|text| time::moment(text))),
        };
        let asns = list(self.asns).map(|words| {
            let digits = |word: &String| word.trim_start_matches(['A', 'S', 'a', 's']).parse().ok().map(Number);
            words.iter().filter_map(digits).collect()
        });
        CreatePlaybackTokenInput {
            streams: (scope == Scope::Streams).then(|| self.streams.get_untracked()),
            groups: (scope == Scope::Groups)
                .then(|| self.groups.get_untracked().into_iter().map(cynic::Id::new).collect()),
            organisation: (scope == Scope::All).then_some(true),
            ttl_seconds,
            expires_at,
            not_before: self.from.with_untracked(|text| time::moment(text)),
            user: line(self.user),
            tag: line(self.tag),
            ip: list(self.ip),
            domains: list(self.domains),
            countries: list(self.countries),
            asns,
            user_agent: line(self.agent),
            max_sessions: number(self.max_sessions),
            bind_ips: number(self.bind_ips),
            max_uses: number(self.max_uses),
            revocable: (!self.revocable.get_untracked()).then_some(false),
            force_disconnect: self.disconnect.get_untracked(),
            amr: self.mfa.get_untracked().then(|| vec!["mfa".to_owned()]),
            handle: self.handle.get_untracked().then_some(true),
        }
    }
}

/// What the parser says of claims that are being filled in.
pub(super) fn read(claims: &Map<String, Value>) -> Result<Claims, Malformed> {
    claims_of(&Value::Object(claims.clone()).to_string(), &Arc::from("tok_new"))
}

/// The claim that is not of its form.
pub(super) const fn wrong(why: Malformed) -> &'static str {
    match why {
        Malformed::Claim(name) => name,
        Malformed::Ip => "ip",
        Malformed::NoExpiry | Malformed::Time => "exp",
        _ => "",
    }
}

/// What the linter says of them. `default`: whether the organisation's sessions end with their tokens.
pub(super) fn findings(claims: &Claims, default: bool, now: i64) -> Vec<Finding> {
    lint(&Traits::of(claims, default, Timestamp::from_s(now)))
}

/// Unix seconds of a field for date and time; the text itself where it is no moment.
fn seconds(text: &str) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a date's milliseconds fit")]
    Some(time::moment(text).map_or_else(|| json!(text), |at| json!((time::millis(&at) / 1000.0) as i64)))
}

/// Words of a list, however they are divided.
fn words(text: &str) -> Vec<String> {
    let words = text.split([',', ';', ' ', '\n', '\t']).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}
