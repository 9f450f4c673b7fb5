//! Alerts, the rules that they are of, and where they go.

use async_graphql::{Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::{alert, alert_delivery, alert_receiver, alert_rule};
use ids::{AlertDeliveryId, AlertId, AlertReceiverId, AlertRuleId};

use super::page::connection;
use crate::{
    alerts::{
        Event,
        receiver::{self, Place},
        rule::{Comparison, Definition, Metric, Severity},
        words,
    },
    service::alerts::Which,
};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Metric")]
pub(crate) enum AlertMetric {
    /// Viewers now.
    Viewers,
    /// Broadcasters now.
    Ingests,
    /// Viewers' sessions that began within the window.
    Sessions,
    /// Bytes of media that viewers got within the window.
    BytesOut,
    /// Requests that were refused within the window.
    Denials,
    /// Of all requests within the window, how many of a hundred were refused.
    FailureRatio,
    /// Tokens, viewers and addresses with findings of misuse within the window; where streams are named, on one of those.
    Findings,
    /// Streams whose broadcaster went away within the window without being ended here, and has not come back.
    StreamsOffline,
    /// Calls of webhooks within the window that nobody took.
    WebhookFailures,
    /// Of all players that set out to play within the window, how many of a hundred saw no picture; by their own account.
    StartFailures,
    /// Of the time that players were to play within the window, how much of a hundred the picture stood still; by their own
    /// account.
    Buffering,
}

/// How what is measured is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Comparison")]
pub(crate) enum AlertComparison {
    /// So much, or more.
    AtLeast,
    /// So much, or less.
    AtMost,
    /// So many times what was usual, or more: the median of the windows of the last 6 hours. Never within the first hour in
    /// which anything is known.
    TimesUsual,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Severity")]
pub(crate) enum AlertSeverity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody should look now.
    Critical,
}

/// What an organisation wants to be told of.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct AlertRule {
    /// Its id.
    id: ID,
    /// What people call it.
    name: String,
    /// Whether it is watched for.
    enabled: bool,
    /// What is measured.
    metric: AlertMetric,
    /// How it is compared.
    comparison: AlertComparison,
    /// With what: a number, a percentage, bytes, or how many times the usual.
    threshold: f64,
    /// The bar behind which it is over; the threshold, where there is none.
    resolve_at: Option<f64>,
    /// What is less than that is never told: requests or players of a ratio, seconds of playback, or whatever is compared
    /// with the usual.
    least: f64,
    /// Over how many seconds it is measured; no matter for what is a state of now.
    window_s: i32,
    /// For how many seconds it has to hold before it is told.
    for_s: i32,
    /// For how many seconds it has to be over before that is told.
    hold_s: i32,
    /// After how many seconds it is told again, while it goes on and nobody took it on; none: never.
    remind_s: Option<i32>,
    /// How bad it is.
    severity: AlertSeverity,
    /// The name of the only stream that counts.
    stream: Option<String>,
    /// The label of the only streams that count.
    tag: Option<String>,
    /// The only protocol that counts.
    protocol: Option<super::session::Protocol>,
    /// The only country that counts (ISO 3166-1 alpha-2).
    country: Option<String>,
    /// The only reason of refusals that counts.
    reason: Option<super::session::DenyReason>,
    /// The only indicator of misuse that counts, as in `SESSIONS`.
    indicator: Option<String>,
    /// From which score on a token, viewer or address counts.
    min_score: i32,
    /// The ids of receivers and webhooks that are told; all of them, where none is named.
    receivers: Vec<ID>,
    /// Until when nobody is told.
    muted_until: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
}

impl AlertRule {
    /// That of a row; none where another version wrote it.
    pub(crate) fn of(row: alert_rule::Model) -> Option<Self> {
        let rule = words::definition(&row.definition)?;
        let seconds = |many: u32| i32::try_from(many).unwrap_or(i32::MAX);
        Some(Self {
            id: AlertRuleId::from_uuid(row.id).to_string().into(),
            name: row.name,
            enabled: row.enabled,
            metric: rule.metric.into(),
            comparison: rule.comparison.into(),
            threshold: rule.threshold,
            resolve_at: rule.resolve_at,
            least: rule.least,
            window_s: seconds(rule.window_s),
            for_s: seconds(rule.for_s),
            hold_s: seconds(rule.hold_s),
            remind_s: rule.remind_s.map(seconds),
            severity: rule.severity.into(),
            stream: rule.stream,
            tag: rule.tag,
            protocol: rule.protocol.as_deref().map(super::session::protocol),
            country: rule.country,
            reason: rule.reason.as_deref().and_then(super::session::reason),
            indicator: rule.indicator,
            min_score: seconds(rule.min_score),
            receivers: rule.receivers.into_iter().map(ID).collect(),
            muted_until: row.muted_until.map(super::moment),
            created_at: super::moment(row.created_at),
        })
    }
}

/// Something that a rule watched for, from its beginning to its end. What comes at once is one, with a number.
#[derive(Clone)]
pub(crate) struct Alert(pub(crate) alert::Model);

connection!(
    /// Alerts, the newest first.
    AlertConnection,
    AlertEdge,
    Alert
);

impl Alert {
    /// What its cursor is made of.
    pub(crate) fn key(row: &alert::Model) -> String {
        AlertId::from_uuid(row.id).to_string()
    }

    fn rule(&self) -> Option<Definition> {
        words::definition(&self.0.definition)
    }

    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 17] = [
        "id",
        "rule",
        "name",
        "state",
        "severity",
        "metric",
        "summary",
        "value",
        "peak",
        "bar",
        "usual",
        "streams",
        "opened_at",
        "resolved_at",
        "ending",
        "acknowledged_at",
        "notifications",
    ];

    /// A line of a file.
    pub(crate) fn cells(&self) -> [String; 17] {
        let Self(row) = self;
        let rule = self.rule();
        let of_rule = |word: fn(&Definition) -> &'static str| rule.as_ref().map(word).unwrap_or_default().to_owned();
        let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        let moment = |at: Option<i64>| at.map(super::moment).map(super::written).unwrap_or_default();
        [
            Self::key(row),
            AlertRuleId::from_uuid(row.rule_id).to_string(),
            row.name.clone(),
            if row.resolved_at.is_some() { "resolved" } else { "open" }.to_owned(),
            of_rule(|rule| rule.severity.as_str()),
            of_rule(|rule| rule.metric.as_str()),
            words::sentence(row),
            row.value.to_string(),
            row.peak.to_string(),
            number(rule.as_ref().map(|rule| rule.bar(row.usual))),
            number(row.usual),
            words::streams(row).join("; "),
            super::written(super::moment(row.opened_at)),
            moment(row.resolved_at),
            row.ending.clone().unwrap_or_default(),
            moment(row.acknowledged_at),
            row.notices.to_string(),
        ]
    }
}

#[Object]
impl Alert {
    /// Its id.
    async fn id(&self) -> ID {
        Self::key(&self.0).into()
    }

    /// The id of its rule, which may be gone.
    #[graphql(name = "rule")]
    async fn rule_id(&self) -> ID {
        AlertRuleId::from_uuid(self.0.rule_id).to_string().into()
    }

    /// What its rule was called when it began.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it goes on.
    async fn state(&self) -> AlertState {
        if self.0.resolved_at.is_some() {
            AlertState::Resolved
        } else {
            AlertState::Open
        }
    }

    /// How bad it is.
    async fn severity(&self) -> Option<AlertSeverity> {
        self.rule().map(|rule| rule.severity.into())
    }

    /// What is measured.
    async fn metric(&self) -> Option<AlertMetric> {
        self.rule().map(|rule| rule.metric.into())
    }

    /// What it says, in words and numbers.
    async fn summary(&self) -> String {
        words::sentence(&self.0)
    }

    /// What was measured last: how many, where it is about several.
    async fn value(&self) -> f64 {
        self.0.value
    }

    /// What was measured at its worst.
    async fn peak(&self) -> f64 {
        self.0.peak
    }

    /// The bar that was reached.
    async fn bar(&self) -> Option<f64> {
        self.rule().map(|rule| rule.bar(self.0.usual))
    }

    /// What was usual when it began, where its rule compares with that.
    async fn usual(&self) -> Option<f64> {
        self.0.usual
    }

    /// Names of streams that it is about, the first 20.
    async fn streams(&self) -> Vec<String> {
        words::streams(&self.0)
    }

    /// When it began.
    async fn opened_at(&self) -> DateTime<Utc> {
        super::moment(self.0.opened_at)
    }

    /// When it was over.
    async fn resolved_at(&self) -> Option<DateTime<Utc>> {
        self.0.resolved_at.map(super::moment)
    }

    /// Why it was over.
    async fn ending(&self) -> Option<AlertEnding> {
        Some(match self.0.ending.as_deref()? {
            "changed" => AlertEnding::Changed,
            "disabled" => AlertEnding::Disabled,
            "deleted" => AlertEnding::Deleted,
            _ => AlertEnding::Cleared,
        })
    }

    /// When somebody took it on, which ends its reminders.
    async fn acknowledged_at(&self) -> Option<DateTime<Utc>> {
        self.0.acknowledged_at.map(super::moment)
    }

    /// How often receivers were told of it.
    async fn notifications(&self) -> i32 {
        self.0.notices
    }
}

/// Whether an alert goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum AlertState {
    /// It goes on.
    Open,
    /// It is over.
    Resolved,
}

/// Why an alert is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum AlertEnding {
    /// What was measured went back.
    Cleared,
    /// Its rule measures something else now.
    Changed,
    /// Its rule was switched off, or the organisation may not have it at work any more.
    Disabled,
    /// Its rule is gone.
    Deleted,
}

/// Which alerts.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct AlertFilter {
    /// Of which this became.
    state: Option<AlertState>,
    /// Of the rule with this id.
    rule: Option<ID>,
}

impl From<AlertFilter> for Which {
    fn from(filter: AlertFilter) -> Self {
        Self {
            open: filter.state.map(|state| state == AlertState::Open),
            rule: filter.rule.map(|rule| rule.0),
        }
    }
}

/// What became of an alert.
#[derive(Clone, SimpleObject)]
pub(crate) struct AlertEvent {
    /// What.
    kind: AlertEventKind,
    /// The alert afterwards.
    alert: Alert,
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Event")]
pub(crate) enum AlertEventKind {
    /// It began.
    Opened,
    /// It goes on, and is measured otherwise.
    Changed,
    /// It goes on, and receivers were told again.
    Reminded,
    /// Somebody took it on.
    Acknowledged,
    /// It is over.
    Resolved,
}

impl AlertEvent {
    pub(crate) fn of(news: &crate::alerts::News) -> Self {
        Self {
            kind: news.event.into(),
            alert: Alert(news.alert.clone()),
        }
    }
}

/// Where alerts go. Webhooks are told where their calls have `ALERT`.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct AlertReceiver {
    /// Its id.
    id: ID,
    /// What people call it.
    name: String,
    /// Whether anything is sent there.
    enabled: bool,
    /// The addresses of mails; none for a collector.
    emails: Vec<String>,
    /// The collector of syslog; none for mails.
    syslog: Option<SyslogCollector>,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// A collector of syslog: messages of RFC 5424, counted by octets (RFC 6587), over TCP or TLS.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct SyslogCollector {
    /// Its name or address.
    host: String,
    /// Its port.
    port: i32,
    /// Whether it is reached by TLS.
    tls: bool,
    /// The certificate that vouches for it, as PEM; none: a public authority does.
    certificate: Option<String>,
}

impl From<alert_receiver::Model> for AlertReceiver {
    fn from(row: alert_receiver::Model) -> Self {
        let (emails, syslog) = match receiver::place(&row) {
            Place::Email(emails) => (emails, None),
            Place::Syslog(collector) => {
                let collector = SyslogCollector {
                    host: collector.host,
                    port: collector.port.into(),
                    tls: collector.tls,
                    certificate: collector.authority,
                };
                (vec![], Some(collector))
            }
        };
        Self {
            id: AlertReceiverId::from_uuid(row.id).to_string().into(),
            name: row.name,
            enabled: row.enabled,
            emails,
            syslog,
            created_at: super::moment(row.created_at),
        }
    }
}

/// A notification to a receiver: one that was made, or one that waits.
#[derive(Clone)]
pub(crate) struct AlertDelivery(pub(crate) alert_delivery::Model);

connection!(
    /// Notifications, the newest first.
    AlertDeliveryConnection,
    AlertDeliveryEdge,
    AlertDelivery
);

impl AlertDelivery {
    /// What its cursor is made of.
    pub(crate) fn key(row: &alert_delivery::Model) -> String {
        AlertDeliveryId::from_uuid(row.id).to_string()
    }

    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 10] = [
        "id",
        "alert",
        "receiver",
        "event",
        "recipient",
        "state",
        "error",
        "attempts",
        "created_at",
        "tried_at",
    ];

    /// A line of a file.
    pub(crate) fn cells(self) -> [String; 10] {
        let Self(row) = self;
        [
            Self::key(&row),
            row.alert_id
                .map(|id| AlertId::from_uuid(id).to_string())
                .unwrap_or_default(),
            AlertReceiverId::from_uuid(row.receiver_id).to_string(),
            row.event,
            row.recipient,
            row.state,
            row.trouble.unwrap_or_default(),
            row.attempts.to_string(),
            super::written(super::moment(row.created_at)),
            row.tried_at.map(super::moment).map(super::written).unwrap_or_default(),
        ]
    }
}

#[Object]
impl AlertDelivery {
    /// Its id; a collector knows it as `notification`.
    async fn id(&self) -> ID {
        Self::key(&self.0).into()
    }

    /// The id of the alert; none for a trial.
    async fn alert(&self) -> Option<ID> {
        self.0.alert_id.map(|id| AlertId::from_uuid(id).to_string().into())
    }

    /// The id of the receiver.
    async fn receiver(&self) -> ID {
        AlertReceiverId::from_uuid(self.0.receiver_id).to_string().into()
    }

    /// What it tells.
    async fn event(&self) -> AlertDeliveryEvent {
        match self.0.event.as_str() {
            "reminded" => AlertDeliveryEvent::Reminded,
            "resolved" => AlertDeliveryEvent::Resolved,
            "test" => AlertDeliveryEvent::Test,
            _ => AlertDeliveryEvent::Opened,
        }
    }

    /// The address of a mail, or where a collector is.
    async fn recipient(&self) -> &str {
        &self.0.recipient
    }

    /// What became of it.
    async fn state(&self) -> AlertDeliveryState {
        match self.0.state.as_str() {
            "waiting" => AlertDeliveryState::Waiting,
            "delivered" => AlertDeliveryState::Delivered,
            _ => AlertDeliveryState::Failed,
        }
    }

    /// What was wrong the last time.
    async fn error(&self) -> Option<&str> {
        self.0.trouble.as_deref()
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// When it was tried last.
    async fn tried_at(&self) -> Option<DateTime<Utc>> {
        self.0.tried_at.map(super::moment)
    }
}

/// What a notification tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum AlertDeliveryEvent {
    /// An alert began.
    Opened,
    /// An alert goes on.
    Reminded,
    /// An alert is over.
    Resolved,
    /// Nothing: somebody tried the receiver.
    Test,
}

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum AlertDeliveryState {
    /// It is tried, or tried again.
    Waiting,
    /// It was handed over.
    Delivered,
    /// It was given up.
    Failed,
}
