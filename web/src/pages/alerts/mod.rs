//! Alerts: what is open now, what was, the rules that they are of, and where they go.

mod form;
mod list;
mod ready;
mod receiver;
mod receivers;
mod rules;
mod sent;

pub(crate) use self::{list::Alerts, receivers::AlertReceivers, rules::AlertRules};

use leptos::prelude::*;

use super::lacking::{Lacking, use_lacking};
use crate::{
    api::{alerts::Severity, organisation::Package, people::Permission},
    kit::{Badge, PageHead, Tabs, Tone},
    session::may,
};

/// Head and tabs of each of the pages. A part that is closed to the role has no tab.
#[component]
fn Head(part: &'static str, lead: &'static str, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let mut tabs = vec![("/alerts", "Alerts"), ("/alerts/rules", "Rules")];
    if may(Permission::AlertReceiverRead) {
        tabs.push(("/alerts/receivers", "Receivers"));
    }
    let lacking = use_lacking(Package::Analytics);
    view! {
        <PageHead title="Alerts" tab=part lead>{children.map(|children| children())}</PageHead>
        <Tabs label="Parts of alerts" tabs/>
        <Lacking package=Package::Analytics when=lacking so="rules stand, and nobody is told"/>
    }
}

/// How bad it is.
#[component]
fn SeverityBadge(severity: Severity) -> impl IntoView {
    let tone = match severity {
        Severity::Info => Tone::Calm,
        Severity::Warning => Tone::Warn,
        Severity::Critical => Tone::Bad,
    };
    view! { <Badge tone text=severity.label()/> }
}

/// How long something is, as people say it.
fn span(seconds: i32) -> String {
    let (many, unit) = match seconds {
        ..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    crate::time::count(many, unit, &format!("{unit}s"))
}

/// A number without a tail.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
