//! What is watched for: rules made, changed, muted and deleted.

use std::{fmt::Write, time::Duration};

use leptos::prelude::*;

use super::{Head, SeverityBadge, form::RuleDialog, ready::Ready, short, span};
use crate::{
    api::{
        alert_saving::SaveAlertRuleInput,
        alerts::{self, AlertRule, Comparison, Metric},
        client::use_api,
        organisation::Package,
        people::Permission,
        scalar::Wish,
    },
    country,
    kit::{
        Badge, Button, Card, Confirm, Doing, Empty, Icon, Load, Loaded, Look, Menu, MenuItem, Skeleton, Table, Tone,
        When, use_toasts,
    },
    pages::lacking::{barred, use_lacking},
    session::may,
    time,
};

pub(super) type List = Load<Vec<AlertRule>>;

/// The page.
#[component]
pub(crate) fn AlertRules() -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || alerts::rules(api));
    let (editing, open) = (RwSignal::new(None::<AlertRule>), RwSignal::new(false));
    let edit = Callback::new(move |rule: Option<AlertRule>| {
        editing.set(rule);
        open.set(true);
    });
    let rules = Memo::new(move |_| {
        let known = load.value();
        known.with(|known| known.clone().unwrap_or_default())
    });
    let writes = may(Permission::AlertRuleWrite);
    let lacking = use_lacking(Package::Analytics);
    let barred = barred(Package::Analytics, lacking);
    view! {
        <Head part="Rules" lead="What is watched for, and from when on it is told.">
            {writes.then(|| view! {
                <Button look=Look::Primary icon=icondata_lu::LuPlus barred on_press=move |_| edit.run(None)>"New rule"</Button>
            })}
        </Head>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !rules.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuBellRing title="No rules yet" text="A rule says what is measured, over how long, and from when on somebody is told: by mail, by webhook, or by syslog."/>
            }>
                <Card title="Rules" flush=true>
                    <Table caption="Alert rules" columns=vec!["Rule", "Severity", "Told when", "State", ""]>
                        <For each=move || rules.get() key=|rule| format!("{rule:?}") let:rule>
                            <Row rule edit load lacking/>
                        </For>
                    </Table>
                </Card>
            </Show>
            {writes.then(|| view! { <Ready load lacking/> })}
        </Loaded>
        <RuleDialog editing open load/>
    }
}

#[component]
fn Row(rule: AlertRule, edit: Callback<Option<AlertRule>>, load: List, lacking: Signal<bool>) -> impl IntoView {
    let (api, toasts) = (use_api(), use_toasts());
    let (deleting, asks) = (Doing::new(), RwSignal::new(false));
    let barred = barred(Package::Analytics, lacking);
    let kept = StoredValue::new(rule.clone());
    let now = time::use_now();
    let muted = rule.muted_until.clone();
    let is_muted = {
        let muted = muted.clone();
        Memo::new(move |_| muted.as_ref().is_some_and(|until| time::millis(until) > now.get()))
    };
    let save = move |change: SaveAlertRuleInput, told: &'static str| {
        let id = kept.with_value(|rule| rule.id.clone());
        let input = SaveAlertRuleInput { id: Some(id), ..change };
        leptos::task::spawn_local(async move {
            match alerts::save_alert_rule(api, input).await {
                Ok(_) => {
                    load.again();
                    toasts.good(told);
                }
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
        });
    };
    let delete = move |()| {
        let id = kept.with_value(|rule| rule.id.clone());
        deleting.run(
            alerts::delete_alert_rule(api, alerts::DeleteAlertRuleInput { id }),
            move |_| {
                asks.set(false);
                load.again();
                toasts.good("The rule is deleted.");
            },
        );
    };
    let more = format!("Actions for {}", rule.name);
    let enabled = rule.enabled;
    view! {
        <tr>
            <th scope="row">{rule.name.clone()}</th>
            <td data-label="Severity"><SeverityBadge severity=rule.severity/></td>
            <td data-label="Told when"><span>{told_when(&rule)}<span class="under">{over_when(&rule)}</span></span></td>
            <td data-label="State">
                {move || match (enabled, is_muted.get()) {
                    (false, _) => view! { <Badge tone=Tone::Calm text="Switched off"/> }.into_any(),
                    (true, true) => view! {
                        <span><Badge tone=Tone::Warn text="Muted"/>{muted.clone().map(|at| view! { <span class="under">"Until "<When at/></span> })}</span>
                    }.into_any(),
                    (true, false) => view! { <Badge tone=Tone::Good text="Watched for"/> }.into_any(),
                }}
            </td>
            <td class="acts">
                {may(Permission::AlertRuleWrite).then(|| view! {
                    <Menu label=more button=|| view! { <Icon of=icondata_lu::LuEllipsisVertical/> }>
                        <MenuItem icon=icondata_lu::LuPencil barred=barred on_choose=move |()| edit.run(Some(kept.get_value()))>"Edit"</MenuItem>
                        <Show when=move || is_muted.get() fallback=move || view! {
                            <MenuItem icon=icondata_lu::LuBellOff on_choose=move |()| save(mute(Some(HOUR)), "Nobody is told for an hour.")>"Mute for 1 hour"</MenuItem>
                            <MenuItem icon=icondata_lu::LuBellOff on_choose=move |()| save(mute(Some(DAY)), "Nobody is told for a day.")>"Mute for 1 day"</MenuItem>
                        }>
                            <MenuItem icon=icondata_lu::LuBell barred=barred on_choose=move |()| save(mute(None), "It is told again.")>"Unmute"</MenuItem>
                        </Show>
                        {if enabled {
                            view! { <MenuItem icon=icondata_lu::LuPowerOff on_choose=move |()| save(switch(false), "The rule is switched off.")>"Switch off"</MenuItem> }.into_any()
                        } else {
                            view! { <MenuItem icon=icondata_lu::LuPower barred=barred on_choose=move |()| save(switch(true), "The rule is switched on.")>"Switch on"</MenuItem> }.into_any()
                        }}
                        <MenuItem icon=icondata_lu::LuTrash2 danger=true on_choose=move |()| { deleting.forget(); asks.set(true); }>"Delete"</MenuItem>
                    </Menu>
                })}
                <Confirm open=asks title="Delete the rule?" action="Delete" busy=deleting.busy failure=deleting.failure on_confirm=delete>
                    <p>"What is open of it is over, and whoever was told of it is told so. Its alerts stay in the history."</p>
                </Confirm>
            </td>
        </tr>
    }
}

fn mute(span: Option<Duration>) -> SaveAlertRuleInput {
    SaveAlertRuleInput {
        muted_until: Wish::Is(span.map(time::after)),
        ..SaveAlertRuleInput::default()
    }
}

fn switch(on: bool) -> SaveAlertRuleInput {
    SaveAlertRuleInput {
        enabled: Some(on),
        ..SaveAlertRuleInput::default()
    }
}

/// As in "Refusals: 100 or more within 5 minutes".
fn told_when(rule: &AlertRule) -> String {
    let amount = |value: f64| amount(rule.metric, value);
    let what = match rule.metric {
        Metric::BytesOut => "Sent to viewers",
        Metric::FailureRatio => "Share of requests refused",
        Metric::StartFailures => "Share of players that see no picture",
        Metric::Buffering => "Share of time that pictures stand still",
        metric => metric.label(),
    };
    let bar = match rule.comparison {
        Comparison::AtLeast => format!("{} or more", amount(rule.threshold)),
        Comparison::AtMost => format!("{} or less", amount(rule.threshold)),
        Comparison::TimesUsual if rule.metric.is_ratio() => {
            format!("{} times the usual or more", short(rule.threshold))
        }
        Comparison::TimesUsual => format!(
            "{} times the usual or more, and {} at least",
            short(rule.threshold),
            amount(rule.least)
        ),
    };
    let mut text = format!("{what}: {bar}");
    if !rule.metric.is_now() {
        let _ = write!(text, " within {}", span(rule.window_s));
    }
    if rule.for_s > 0 {
        let _ = write!(text, ", for {}", span(rule.for_s));
    }
    if let Some(protocol) = &rule.protocol {
        let _ = write!(text, ", by {}", protocol.label());
    }
    if let Some(code) = &rule.country {
        let _ = write!(text, ", from {}", country::name(code));
    }
    if let Some(reason) = &rule.reason {
        let _ = write!(text, ", {}", reason.name());
    }
    if let Some(indicator) = &rule.indicator {
        let _ = write!(text, ", {}", misuse::label(indicator));
    }
    if rule.min_score > 0 {
        let _ = write!(text, ", with a score of {} or more", rule.min_score);
    }
    match (&rule.stream, &rule.tag) {
        (Some(stream), _) => drop(write!(text, ", of {stream}")),
        (None, Some(tag)) => drop(write!(text, ", of streams labelled {tag}")),
        (None, None) => {}
    }
    text
}

/// As in "Over once it is below 3 for 60 seconds; reminded every 4 hours".
fn over_when(rule: &AlertRule) -> String {
    let bar = rule.resolve_at.unwrap_or(rule.threshold);
    let told = amount(rule.metric, bar);
    let bar = match rule.comparison {
        // Nothing is less than nothing, and no more than a hundred of a hundred.
        Comparison::AtLeast if bar <= 0.0 => told,
        Comparison::AtMost if rule.metric.is_ratio() && bar >= 100.0 => amount(rule.metric, 100.0),
        Comparison::AtLeast => format!("below {told}"),
        Comparison::AtMost => format!("above {told}"),
        // What is less than that is over, too, however many times the usual it is.
        Comparison::TimesUsual if rule.least > 0.0 && !rule.metric.is_ratio() => format!(
            "below {} times the usual, or below {},",
            short(bar),
            amount(rule.metric, rule.least)
        ),
        Comparison::TimesUsual => format!("below {} times the usual", short(bar)),
    };
    let reminded = match rule.remind_s {
        Some(seconds) => format!("reminded every {}", span(seconds)),
        None => "not reminded".to_owned(),
    };
    format!("Over once it is {bar} for {}; {reminded}", span(rule.hold_s))
}

/// A value, in what is measured: bytes, hundredths, or just how many.
fn amount(metric: Metric, value: f64) -> String {
    match metric {
        Metric::BytesOut => time::bytes(value),
        metric if metric.is_ratio() => format!("{} %", short(value)),
        _ => short(value),
    }
}

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
