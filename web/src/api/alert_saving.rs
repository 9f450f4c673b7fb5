//! What is sent of an alert rule or a receiver: what is different, and nothing else.

use super::{
    alerts::{AlertReceiver, AlertRule, Comparison, Metric, Severity},
    scalar::{DateTime, Wish},
    schema,
    sessions::{Protocol, Reason},
};

/// A rule, as it is to be, or what of it is different; a new one where it has no id.
#[derive(cynic::InputObject, Clone, Debug, Default)]
pub(crate) struct SaveAlertRuleInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) metric: Option<Metric>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) comparison: Option<Comparison>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<f64>,
    #[cynic(skip_serializing_if = "Wish::stays")]
    pub(crate) resolve_at: Wish<f64>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) least: Option<f64>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) window_s: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) for_s: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) hold_s: Option<i32>,
    #[cynic(skip_serializing_if = "Wish::stays")]
    pub(crate) remind_s: Wish<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<Severity>,
    #[cynic(skip_serializing_if = "Wish::stays")]
    pub(crate) stream: Wish<String>,
    #[cynic(skip_serializing_if = "Wish::stays")]
    pub(crate) tag: Wish<String>,
    #[cynic(skip_serializing_if = "Wish::stays")]
    pub(crate) protocol: Wish<Protocol>,
    #[cynic(skip_serializing_if = "Wish::stays")]
    pub(crate) country: Wish<String>,
    #[cynic(skip_serializing_if = "Wish::stays")]
    pub(crate) reason: Wish<Reason>,
    #[cynic(skip_serializing_if = "Wish::stays")]
    pub(crate) indicator: Wish<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) min_score: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) receivers: Option<Vec<cynic::Id>>,
    #[cynic(skip_serializing_if = "Wish::stays")]
    pub(crate) muted_until: Wish<DateTime>,
}

impl From<AlertRule> for SaveAlertRuleInput {
    /// As it is.
    fn from(rule: AlertRule) -> Self {
        Self {
            id: Some(rule.id),
            name: Some(rule.name),
            enabled: Some(rule.enabled),
            metric: Some(rule.metric),
            comparison: Some(rule.comparison),
            threshold: Some(rule.threshold),
            resolve_at: Wish::Is(rule.resolve_at),
            least: Some(rule.least),
            window_s: Some(rule.window_s),
            for_s: Some(rule.for_s),
            hold_s: Some(rule.hold_s),
            remind_s: Wish::Is(rule.remind_s),
            severity: Some(rule.severity),
            stream: Wish::Is(rule.stream),
            tag: Wish::Is(rule.tag),
            protocol: Wish::Is(rule.protocol),
            country: Wish::Is(rule.country),
            reason: Wish::Is(rule.reason),
            indicator: Wish::Is(rule.indicator),
            min_score: Some(rule.min_score),
            receivers: Some(rule.receivers),
            muted_until: Wish::Is(rule.muted_until),
        }
    }
}

impl SaveAlertRuleInput {
    /// What of it differs from what the rule was: whatever another set meanwhile stays.
    pub(crate) fn against(self, before: &Self) -> Self {
        fn wanted<T: PartialEq>(now: Option<T>, before: Option<&T>) -> Option<T> {
            now.filter(|now| before != Some(now))
        }
        Self {
            id: self.id,
            name: wanted(self.name, before.name.as_ref()),
            enabled: wanted(self.enabled, before.enabled.as_ref()),
            metric: wanted(self.metric, before.metric.as_ref()),
            comparison: wanted(self.comparison, before.comparison.as_ref()),
            threshold: wanted(self.threshold, before.threshold.as_ref()),
            resolve_at: self.resolve_at.against(&before.resolve_at),
            least: wanted(self.least, before.least.as_ref()),
            window_s: wanted(self.window_s, before.window_s.as_ref()),
            for_s: wanted(self.for_s, before.for_s.as_ref()),
            hold_s: wanted(self.hold_s, before.hold_s.as_ref()),
            remind_s: self.remind_s.against(&before.remind_s),
            severity: wanted(self.severity, before.severity.as_ref()),
            stream: self.stream.against(&before.stream),
            tag: self.tag.against(&before.tag),
            protocol: self.protocol.against(&before.protocol),
            country: self.country.against(&before.country),
            reason: self.reason.against(&before.reason),
            indicator: self.indicator.against(&before.indicator),
            min_score: wanted(self.min_score, before.min_score.as_ref()),
            receivers: wanted(self.receivers, before.receivers.as_ref()),
            muted_until: self.muted_until.against(&before.muted_until),
        }
    }
}

#[derive(cynic::InputObject, Debug, PartialEq)]
pub(crate) struct SyslogCollectorInput {
    pub(crate) host: String,
    pub(crate) port: i32,
    pub(crate) tls: bool,
    pub(crate) certificate: Option<String>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct SaveAlertReceiverInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) emails: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) syslog: Option<SyslogCollectorInput>,
}

impl SaveAlertReceiverInput {
    /// What of it differs from what the receiver was: whatever another set meanwhile stays.
    pub(crate) fn against(self, before: AlertReceiver) -> Self {
        let collector = before.syslog.map(|before| SyslogCollectorInput {
            host: before.host,
            port: before.port,
            tls: before.tls,
            certificate: before.certificate,
        });
        Self {
            id: self.id,
            name: self.name.filter(|name| *name != before.name),
            enabled: self.enabled.filter(|enabled| *enabled != before.enabled),
            emails: self.emails.filter(|emails| *emails != before.emails),
            syslog: self.syslog.filter(|syslog| Some(syslog) != collector.as_ref()),
        }
    }
}
