//! Rules that most organisations want: one click each.

use leptos::prelude::*;

use super::rules::List;
use crate::{
    api::{
        alert_saving::SaveAlertRuleInput,
        alerts::{self, Comparison, Metric, Severity},
        client::use_api,
        organisation::Package,
        scalar::Wish,
    },
    kit::{Button, Card, Icon, use_toasts},
    pages::lacking::barred,
};

/// A rule without an id, as it is before anybody said otherwise.
pub(super) fn plain(name: &str, metric: Metric, comparison: Comparison, threshold: f64) -> SaveAlertRuleInput {
    SaveAlertRuleInput {
        name: Some(name.to_owned()),
        enabled: Some(true),
        metric: Some(metric),
        comparison: Some(comparison),
        threshold: Some(threshold),
        least: Some(0.0),
        window_s: Some(300),
        for_s: Some(0),
        hold_s: Some(60),
        remind_s: Wish::Is(Some(4 * 3600)),
        severity: Some(Severity::Warning),
        min_score: Some(0),
        ..SaveAlertRuleInput::default()
    }
}

/// Each with what it is good for.
fn ready() -> [(SaveAlertRuleInput, &'static str); 5] {
    [
        (
            SaveAlertRuleInput {
                least: Some(50.0),
                resolve_at: Wish::Is(Some(2.0)),
                severity: Some(Severity::Critical),
                ..plain("Spike of refusals", Metric::Denials, Comparison::TimesUsual, 5.0)
            },
            "Five times as many as is usual here within 5 minutes, and 50 at least: a broken player, an expired key, or somebody who tries tokens.",
        ),
        (
            SaveAlertRuleInput {
                least: Some(20.0),
                resolve_at: Wish::Is(Some(30.0)),
                severity: Some(Severity::Critical),
                ..plain("Most requests fail", Metric::FailureRatio, Comparison::AtLeast, 50.0)
            },
            "Half of at least 20 requests within 5 minutes are refused: your viewers cannot come in.",
        ),
        (
            SaveAlertRuleInput {
                least: Some(100e6),
                resolve_at: Wish::Is(Some(2.0)),
                ..plain("Spike of traffic", Metric::BytesOut, Comparison::TimesUsual, 3.0)
            },
            "Three times as much as is usual here within 5 minutes, and 100 MB at least: a success, or a restream.",
        ),
        (
            SaveAlertRuleInput {
                window_s: Some(3600),
                for_s: Some(30),
                hold_s: Some(30),
                severity: Some(Severity::Critical),
                ..plain(
                    "A stream went offline",
                    Metric::StreamsOffline,
                    Comparison::AtLeast,
                    1.0,
                )
            },
            "A broadcaster is gone for half a minute, and nobody here ended it. Over as soon as all of them are back.",
        ),
        (
            SaveAlertRuleInput {
                window_s: Some(3600),
                min_score: Some(50),
                ..plain("Misuse", Metric::Findings, Comparison::AtLeast, 1.0)
            },
            "A token, a viewer or an address scores 50 or more: it looks stolen.",
        ),
    ]
}

/// Those that are not there yet.
#[component]
pub(super) fn Ready(load: List, lacking: Signal<bool>) -> impl IntoView {
    let missing = Memo::new(move |_| {
        let known = load.value();
        known.with(|known| {
            let known = known.as_deref().unwrap_or_default();
            let is_there = |name: &Option<String>| known.iter().any(|rule| Some(&rule.name) == name.as_ref());
            let all = ready().into_iter().enumerate();
            all.filter(|(_, (rule, _))| !is_there(&rule.name))
                .map(|(n, _)| n)
                .collect::<Vec<_>>()
        })
    });
    view! {
        <Show when=move || !missing.with(Vec::is_empty)>
            <Card title="Ready-made" flush=true>
                <ul class="feed feed-flush" aria-label="Ready-made rules">
                    <For each=move || missing.get() key=|n| *n let:n>
                        <One n load lacking/>
                    </For>
                </ul>
            </Card>
        </Show>
    }
}

#[component]
fn One(n: usize, load: List, lacking: Signal<bool>) -> impl IntoView {
    let (api, toasts, busy) = (use_api(), use_toasts(), RwSignal::new(false));
    let (rule, text) = ready()
        .into_iter()
        .nth(n)
        .unwrap_or_else(|| (plain("", Metric::Denials, Comparison::AtLeast, 1.0), ""));
    let name = rule.name.clone().unwrap_or_default();
    let (label, told) = (format!("Add {name}"), name.clone());
    let kept = StoredValue::new(rule);
    let barred = barred(Package::Analytics, lacking);
    let add = move |_| {
        busy.set(true);
        let told = told.clone();
        leptos::task::spawn_local(async move {
            match alerts::save_alert_rule(api, kept.get_value()).await {
                Ok(_) => {
                    load.again();
                    toasts.good(format!("“{told}” is watched for."));
                }
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
            busy.try_set(false);
        });
    };
    view! {
        <li>
            <Icon of=icondata_lu::LuBellPlus/>
            <div class="feed-main">
                <p><strong>{name}</strong></p>
                <p class="soft">{text}</p>
            </div>
            <div class="feed-acts"><Button busy barred on_press=add attr:aria-label=label>"Add"</Button></div>
        </li>
    }
}
