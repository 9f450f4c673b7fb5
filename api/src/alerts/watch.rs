//! One rule at work: what it measures of what happens, and when that is an alert.
//!
//! ```text
//! Quiet ──met for `for`──▶ Open ──over for `hold`──▶ Quiet
//! ```
//! It holds sums and never events: what it remembers is bounded whatever comes.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use guard::{Door, Reason, Timestamp};
use ids::{AlertId, AlertRuleId, StreamId, StreamName};
use misuse::{Finding, Indicator};

use super::{
    rule::{Comparison, Definition, Metric},
    suspects::{Suspects, whom},
    whence::{Played, Whence},
    window::{History, Sums, Window},
};

/// A rule at work.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) id: AlertRuleId,
    pub(super) name: String,
    pub(super) rule: Definition,
    /// The streams that count; none: all of the organisation's.
    pub(super) scope: Option<HashMap<StreamName, StreamId>>,
    window: Window,
    history: Option<History>,
    /// What was usual in a minute, which is looked at once.
    usual: Option<(i64, Option<f64>)>,
    suspects: Suspects,
    /// Streams whose broadcaster went away.
    away: BTreeMap<StreamName, Timestamp>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Nothing is told; since when it is met, where it is.
    Quiet(Option<Timestamp>),
    Open(Open),
}

/// An open alert.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) alert: AlertId,
    /// What was usual when it began.
    pub(super) usual: Option<f64>,
    pub(super) value: f64,
    pub(super) peak: f64,
    /// When its row was written last.
    pub(super) written: Timestamp,
    /// Since when it is over.
    pub(super) over: Option<Timestamp>,
}

/// What is on now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct On {
    pub(crate) viewers: u32,
    pub(crate) ingests: u32,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) value: f64,
    pub(super) usual: Option<f64>,
    pub(super) peak: f64,
    pub(super) streams: Vec<String>,
}

/// What comes of a look.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Turn {
    /// It begins.
    Opens(Reading),
    /// It goes on, and something of it is another.
    Changes(AlertId, Reading),
    /// It is over.
    Resolves(AlertId, Reading),
}

impl Watch {
    pub(super) fn new(
        (id, name, rule): (AlertRuleId, String, Definition),
        scope: Option<HashMap<StreamName, StreamId>>,
        known_since: Option<Timestamp>,
    ) -> Self {
        let compares = rule.comparison == Comparison::TimesUsual;
        Self {
            window: Window::new(rule.window()),
            history: compares.then(|| History::new(known_since)),
            usual: None,
            suspects: Suspects::default(),
            away: BTreeMap::new(),
            phase: Phase::Quiet(None),
            id,
            name,
            rule,
            scope,
        }
    }

    /// A session began.
    pub(super) fn started(&mut self, whence: Whence<'_>, door: Door, at: Timestamp) {
        if !self.counts(whence) {
            return;
        }
        match (self.rule.metric, door) {
            (Metric::Sessions, Door::Playback) => self.add(at, [1.0, 0.0]),
            (Metric::FailureRatio, _) => self.add(at, [0.0, 1.0]),
            (Metric::StreamsOffline, Door::Ingest) => _ = self.away.remove(whence.name),
            _ => {}
        }
    }

    /// A broadcaster is gone, and nobody here wanted that.
    pub(super) fn went(&mut self, name: &StreamName, at: Timestamp) {
        if self.rule.metric == Metric::StreamsOffline
            && self.covers(name)
            && (self.away.len() < MOST || self.away.contains_key(name))
        {
            self.away.insert(name.clone(), at);
        }
    }

    /// A broadcaster is gone because somebody here wanted that, or is awaited here no more.
    pub(super) fn was_ended(&mut self, name: &StreamName) {
        self.away.remove(name);
    }

    /// Streams whose broadcaster went away, and is awaited.
    pub(super) fn away(&self) -> Vec<StreamName> {
        self.away.keys().cloned().collect()
    }

    /// Viewers of a stream got so much media more.
    pub(super) fn bytes(&mut self, whence: Whence<'_>, more: f64, at: Timestamp) {
        if self.rule.metric == Metric::BytesOut && self.counts(whence) {
            self.add(at, [more, 0.0]);
        }
    }

    /// A viewer's player said how it played.
    pub(super) fn quality(&mut self, whence: Whence<'_>, played: Played, at: Timestamp) {
        if self.counts(whence) {
            self.played(played, at);
        }
    }

    /// What players said that count.
    pub(super) fn played(&mut self, played: Played, at: Timestamp) {
        match self.rule.metric {
            Metric::StartFailures => self.add(at, [played.attempts - played.starts, played.attempts]),
            Metric::Buffering => self.add(at, [played.stalled_s, played.stalled_s + played.watched_s]),
            _ => {}
        }
    }

    /// A request was refused.
    pub(super) fn denied(&mut self, whence: Whence<'_>, reason: Reason, at: Timestamp) {
        if self.counts(whence) {
            self.refused(reason, 1.0, at);
        }
    }

    /// So many requests that count were refused.
    pub(super) fn refused(&mut self, reason: Reason, times: f64, at: Timestamp) {
        if !self.rule.counts_reason(reason) {
            return;
        }
        match self.rule.metric {
            Metric::Denials => self.add(at, [times, 0.0]),
            Metric::FailureRatio => self.add(at, [times, times]),
            _ => {}
        }
    }

    /// So many sessions, bytes and viewers of a minute that is written down, of the streams that count.
    pub(super) fn recorded(&mut self, sessions: f64, bytes: f64, viewers: f64, at: Timestamp) {
        match self.rule.metric {
            Metric::Sessions => self.add(at, [sessions, 0.0]),
            Metric::BytesOut => self.add(at, [bytes, 0.0]),
            Metric::FailureRatio => self.add(at, [0.0, sessions]),
            Metric::Viewers => {
                if let Some(history) = &mut self.history {
                    history.add(at, [viewers, 1.0]);
                }
            }
            _ => {}
        }
    }

    /// Misuse was found. It counts for each of its streams; where none is known, for all of them together alone.
    pub(super) fn found(&mut self, finding: &Finding, at: Timestamp) {
        let is_of = |scope: &HashMap<StreamName, StreamId>| finding.streams.iter().any(|name| scope.contains_key(name));
        if self.rule.metric == Metric::Findings && self.scope.as_ref().is_none_or(is_of) {
            self.suspected(whom(finding), finding.indicator, finding.points, at);
        }
    }

    /// Misuse was found on a stream that counts.
    pub(super) fn suspected(&mut self, whom: String, indicator: Indicator, points: u32, at: Timestamp) {
        if self.rule.counts_indicator(indicator) {
            self.suspects.found(whom, indicator, points, at);
        }
    }

    /// A webhook's call was not taken.
    pub(super) fn hook_failed(&mut self, at: Timestamp) {
        if self.rule.metric == Metric::WebhookFailures {
            self.add(at, [1.0, 0.0]);
        }
    }

    /// What is to be done now. Until the caller says that it was done, it is to be done again.
    pub(super) fn look(&mut self, now: Timestamp, on: On) -> Option<Turn> {
        let value = self.value(now, on);
        let open = match &self.phase {
            Phase::Open(open) => open.clone(),
            Phase::Quiet(_) => return self.look_quiet(now, value),
        };
        // What is no ratio of anything is over.
        let (over, value) = match value {
            Some(value) => (self.rule.is_over(value, open.usual), value),
            None => (true, 0.0),
        };
        let reading = Reading {
            value,
            usual: open.usual,
            peak: self.worse(open.peak, value),
            streams: self.streams(),
        };
        let since = over.then(|| open.over.unwrap_or(now));
        if let Phase::Open(open) = &mut self.phase {
            open.over = since;
            open.peak = reading.peak;
        }
        if since.is_some_and(|since| now.since(since) >= seconds(self.rule.hold_s)) {
            return Some(Turn::Resolves(open.alert, reading));
        }
        let is_new = (value - open.value).abs() > f64::EPSILON || open.peak < reading.peak;
        (is_new && now.since(open.written) >= REWRITE).then_some(Turn::Changes(open.alert, reading))
    }

    fn look_quiet(&mut self, now: Timestamp, value: Option<f64>) -> Option<Turn> {
        let usual = self.usual(now);
        let met = value.filter(|value| self.rule.is_met(*value, usual));
        let Phase::Quiet(since) = &mut self.phase else {
            return None;
        };
        *since = met.map(|_| since.unwrap_or(now));
        let held = since.is_some_and(|since| now.since(since) >= seconds(self.rule.for_s));
        let value = met.filter(|_| held)?;
        Some(Turn::Opens(Reading {
            value,
            usual,
            peak: value,
            streams: self.streams(),
        }))
    }

    /// An alert is open: one that just began, or one that began before this process.
    pub(super) fn opened(&mut self, open: Open) {
        self.phase = Phase::Open(open);
    }

    /// Its row was written.
    pub(super) fn written(&mut self, now: Timestamp, reading: &Reading) {
        if let Phase::Open(open) = &mut self.phase {
            (open.written, open.value) = (now, reading.value);
        }
    }

    /// Nothing is open.
    pub(super) fn closed(&mut self) {
        self.phase = Phase::Quiet(None);
    }

    /// What is open.
    pub(super) fn open(&self) -> Option<AlertId> {
        match &self.phase {
            Phase::Open(open) => Some(open.alert),
            Phase::Quiet(_) => None,
        }
    }

    /// Takes another edition of the rule; what was measured goes on where it measures the same.
    pub(super) fn edit(
        &mut self,
        name: String,
        rule: Definition,
        scope: Option<HashMap<StreamName, StreamId>>,
    ) -> bool {
        let same = self.rule.measures_like(&rule);
        (self.name, self.rule, self.scope) = (name, rule, scope);
        same
    }

    fn covers(&self, name: &StreamName) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.contains_key(name))
    }

    fn counts(
        &self,
        Whence {
            name,
            protocol,
            country,
        }: Whence<'_>,
    ) -> bool {
        self.covers(name) && self.rule.counts_place(protocol, country)
    }

    fn add(&mut self, at: Timestamp, more: Sums) {
        self.window.add(at, more);
        if let Some(history) = &mut self.history {
            history.add(at, more);
        }
    }

    /// What is measured now; none where a ratio is of too little.
    fn value(&mut self, now: Timestamp, on: On) -> Option<f64> {
        let since = now.minus(self.rule.window());
        match self.rule.metric {
            Metric::Viewers => {
                if let Some(history) = &mut self.history {
                    history.sample(now, on.viewers.into());
                }
                Some(on.viewers.into())
            }
            Metric::Ingests => Some(on.ingests.into()),
            Metric::FailureRatio | Metric::StartFailures | Metric::Buffering => {
                let sums = self.window.sums(now);
                ratio(sums).filter(|_| sums[1] >= self.rule.least)
            }
            Metric::Findings => Some(number(self.suspects.many(since, self.rule.min_score))),
            Metric::StreamsOffline => {
                self.away.retain(|_, at| *at > since);
                Some(number(self.away.len()))
            }
            Metric::Sessions | Metric::BytesOut | Metric::Denials | Metric::WebhookFailures => {
                Some(self.window.sums(now)[0])
            }
        }
    }

    fn usual(&mut self, now: Timestamp) -> Option<f64> {
        let history = self.history.as_ref()?;
        let minute = now.s().div_euclid(60);
        if let Some((known, usual)) = self.usual
            && known == minute
        {
            return usual;
        }
        let metric = self.rule.metric;
        let window = if metric.is_now() {
            Duration::from_mins(1)
        } else {
            self.rule.window()
        };
        let usual = history.usual(
            now,
            window,
            |sums| {
                if metric.is_ratio() { ratio(sums) } else { Some(sums[0]) }
            },
        );
        self.usual = Some((minute, usual));
        usual
    }

    fn worse(&self, one: f64, other: f64) -> f64 {
        match self.rule.comparison {
            Comparison::AtMost => one.min(other),
            Comparison::AtLeast | Comparison::TimesUsual => one.max(other),
        }
    }

    /// Names of streams that it is about, the first of them.
    fn streams(&self) -> Vec<String> {
        let away = self.away.keys().take(NAMED).map(ToString::to_string).collect();
        match (&self.rule.metric, &self.rule.stream) {
            (Metric::StreamsOffline, _) => away,
            (_, Some(stream)) => vec![stream.clone()],
            (_, None) => vec![],
        }
    }
}

/// Of a hundred. A first picture may be told later than that its player set out.
fn ratio([failed, all]: Sums) -> Option<f64> {
    (all > 0.0).then(|| (failed / all * 100.0).max(0.0))
}

fn number(many: usize) -> f64 {
    u32::try_from(many).unwrap_or(u32::MAX).into()
}

fn seconds(many: u32) -> Duration {
    Duration::from_secs(many.into())
}

/// Streams that a rule remembers to be away.
const MOST: usize = 10_000;
/// Streams that are named.
pub(super) const NAMED: usize = 20;
/// How often an open alert is written anew, where it changes.
const REWRITE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use guard::Reason;
    use link::Protocol;

    use super::*;

    fn rule(metric: Metric, comparison: Comparison, threshold: f64) -> Definition {
        Definition {
            metric,
            comparison,
            threshold,
            ..Definition::plain()
        }
    }

    fn watch(rule: Definition) -> Watch {
        let id = AlertRuleId::mint(1, [1; 10]);
        Watch::new((id, "a rule".to_owned(), rule), None, None)
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_s(1_800_000_000 + seconds)
    }

    fn name() -> StreamName {
        "7KQ2M-A".parse().unwrap()
    }

    fn by(name: &StreamName) -> Whence<'_> {
        Whence {
            name,
            protocol: Protocol::Hls,
            country: None,
        }
    }

    /// Opens what is to be opened, as the engine does.
    fn opens(watch: &mut Watch, now: Timestamp, on: On) -> bool {
        let Some(Turn::Opens(reading)) = watch.look(now, on) else {
            return false;
        };
        watch.opened(Open {
            alert: AlertId::mint(1, [2; 10]),
            usual: reading.usual,
            value: reading.value,
            peak: reading.peak,
            written: now,
            over: None,
        });
        true
    }

    #[test]
    fn it_opens_once_it_held_and_is_over_once_it_was_past_the_other_bar_for_long_enough() {
        let mut watch = watch(Definition {
            for_s: 20,
            resolve_at: Some(50.0),
            ..rule(Metric::Viewers, Comparison::AtLeast, 100.0)
        });
        let on = |viewers| On { viewers, ingests: 0 };
        assert!(!opens(&mut watch, at(0), on(100)));
        assert!(!opens(&mut watch, at(10), on(99)), "it begins anew");
        assert!(!opens(&mut watch, at(11), on(100)));
        assert!(!opens(&mut watch, at(30), on(200)));
        assert!(opens(&mut watch, at(31), on(150)));
        // Between the bars it goes on, for however long.
        for second in 32..200 {
            let turn = watch.look(at(second), on(50));
            assert!(!matches!(turn, Some(Turn::Resolves(..))), "{second}");
        }
        assert!(!matches!(watch.look(at(200), on(49)), Some(Turn::Resolves(..))));
        assert!(
            !matches!(watch.look(at(205), on(50)), Some(Turn::Resolves(..))),
            "it is back"
        );
        assert!(!matches!(watch.look(at(206), on(10)), Some(Turn::Resolves(..))));
        let Some(Turn::Resolves(_, reading)) = watch.look(at(216), on(10)) else {
            panic!()
        };
        assert_eq!((reading.value, reading.peak), (10.0, 150.0));
    }

    #[test]
    fn too_little_can_be_told_as_well() {
        let mut watch = watch(rule(Metric::Ingests, Comparison::AtMost, 0.0));
        assert!(!opens(&mut watch, at(0), On { viewers: 9, ingests: 1 }));
        assert!(opens(&mut watch, at(1), On::default()));
    }

    #[test]
    fn a_ratio_of_few_requests_says_nothing() {
        let mut watch = watch(Definition {
            least: 20.0,
            ..rule(Metric::FailureRatio, Comparison::AtLeast, 50.0)
        });
        for _ in 0..19 {
            watch.denied(by(&name()), Reason::TokenExpired, at(0));
        }
        assert!(!opens(&mut watch, at(0), On::default()));
        watch.started(by(&name()), Door::Playback, at(1));
        assert!(opens(&mut watch, at(1), On::default()), "19 of 20");
    }

    #[test]
    fn only_the_streams_the_reason_and_the_door_that_are_named_count() {
        let mut watch = watch(Definition {
            reason: Some("TOKEN_EXPIRED".to_owned()),
            ..rule(Metric::Denials, Comparison::AtLeast, 2.0)
        });
        watch.scope = Some([(name(), StreamId::mint(1, [1; 10]))].into());
        watch.denied(by(&name()), Reason::TokenExpired, at(0));
        watch.denied(by(&name()), Reason::TokenRevoked, at(0));
        watch.denied(by(&"7KQ2M-B".parse().unwrap()), Reason::TokenExpired, at(0));
        assert!(!opens(&mut watch, at(0), On::default()));
        watch.denied(by(&name()), Reason::TokenExpired, at(0));
        assert!(opens(&mut watch, at(0), On::default()));
    }

    #[test]
    fn a_thousand_thieves_are_one_alert_and_each_counts_once_with_its_score() {
        let mut watch = watch(Definition {
            min_score: 50,
            ..rule(Metric::Findings, Comparison::AtLeast, 1.0)
        });
        watch.suspected("token:a".to_owned(), Indicator::Addresses, 40, at(0));
        assert!(!opens(&mut watch, at(0), On::default()), "40 is no 50");
        watch.suspected("token:a".to_owned(), Indicator::Countries, 20, at(0));
        assert!(opens(&mut watch, at(0), On::default()));
        for n in 0..2000 {
            watch.suspected(format!("token:{}", n % 1000), Indicator::Nodes, 60, at(3));
        }
        let Some(Turn::Changes(_, reading)) = watch.look(at(5), On::default()) else {
            panic!()
        };
        assert_eq!((reading.value, reading.peak), (1001.0, 1001.0));
        let turn = watch.look(at(70), On::default());
        assert!(!matches!(turn, Some(Turn::Resolves(..))));
        assert!(matches!(watch.look(at(80), On::default()), Some(Turn::Resolves(..))));
    }

    #[test]
    fn a_finding_counts_for_each_of_its_streams_and_without_one_for_none_that_is_named() {
        let on = |streams: &[&str]| Finding {
            subject: misuse::Subject::Token("a".into()),
            indicator: Indicator::Sessions,
            points: 60,
            evidence: String::new(),
            streams: streams.iter().filter_map(|name| name.parse().ok()).collect(),
            first: at(0),
            last: at(0),
            is_news: true,
        };
        let counts = |named: Option<&str>, finding: &Finding| {
            let mut watch = watch(rule(Metric::Findings, Comparison::AtLeast, 1.0));
            watch.scope = named.map(|name| [(name.parse().unwrap(), StreamId::mint(1, [1; 10]))].into());
            watch.found(finding, at(0));
            opens(&mut watch, at(0), On::default())
        };
        let both = on(&["7KQ2M-A", "7KQ2M-B"]);
        assert!(counts(Some("7KQ2M-A"), &both) && counts(Some("7KQ2M-B"), &both) && counts(None, &both));
        assert!(!counts(Some("7KQ2M-C"), &both));
        assert!(counts(None, &on(&[])) && !counts(Some("7KQ2M-A"), &on(&[])));
    }
}
