//! The dialog in which a rule is made or changed.

use leptos::prelude::*;
use misuse::Indicator;

use super::{ready::plain, rules::List, short, span};
use crate::{
    api::{
        alert_saving::SaveAlertRuleInput,
        alerts::{self, AlertRule, Comparison, Metric, Receivers, Severity},
        client::use_api,
        people::Permission,
        scalar::Wish,
        sessions::{Protocol, Reason},
        streams::{self, Stream},
    },
    kit::{Choice, Choices, Dialog, DialogForm, Doing, Load, Select, Switch, TextField, use_toasts},
    session::may,
};

/// Makes a rule where `editing` holds none, and changes the one that it holds.
#[component]
pub(super) fn RuleDialog(editing: RwSignal<Option<AlertRule>>, open: RwSignal<bool>, load: List) -> impl IntoView {
    let title = Signal::derive(move || {
        if editing.with(Option::is_some) {
            "Edit rule"
        } else {
            "New rule"
        }
        .to_owned()
    });
    view! {
        <Dialog open title wide=true>
            {move || view! { <Form rule=editing.get_untracked() open load/> }}
        </Dialog>
    }
}

/// What the form holds.
#[derive(Clone, Copy)]
struct Draft {
    name: RwSignal<String>,
    metric: RwSignal<Metric>,
    comparison: RwSignal<Comparison>,
    threshold: RwSignal<String>,
    resolve_at: RwSignal<String>,
    least: RwSignal<String>,
    window_s: RwSignal<i32>,
    for_s: RwSignal<i32>,
    hold_s: RwSignal<i32>,
    remind_s: RwSignal<Option<i32>>,
    severity: RwSignal<Severity>,
    scope: RwSignal<String>,
    protocol: RwSignal<String>,
    country: RwSignal<String>,
    reason: RwSignal<String>,
    indicator: RwSignal<String>,
    min_score: RwSignal<String>,
    /// The only receivers that are told; none: all.
    only: RwSignal<Vec<cynic::Id>>,
}

impl Draft {
    fn of(rule: &SaveAlertRuleInput, only: Vec<cynic::Id>) -> Self {
        let metric = rule.metric.unwrap_or(Metric::Denials);
        let comparison = rule.comparison.unwrap_or(Comparison::AtLeast);
        let times = comparison == Comparison::TimesUsual;
        let amount = |value: Option<f64>, unit: f64| value.map(|value| short(value / unit)).unwrap_or_default();
        let unit = if times { 1.0 } else { metric.unit() };
        let scope = match (rule.stream.value(), rule.tag.value()) {
            (Some(stream), _) => format!("stream:{stream}"),
            (None, Some(tag)) => format!("tag:{tag}"),
            (None, None) => String::new(),
        };
        Self {
            name: RwSignal::new(rule.name.clone().unwrap_or_default()),
            metric: RwSignal::new(metric),
            comparison: RwSignal::new(comparison),
            threshold: RwSignal::new(amount(rule.threshold, unit)),
            resolve_at: RwSignal::new(amount(rule.resolve_at.value().copied(), unit)),
            least: RwSignal::new(amount(rule.least, if times { metric.unit() } else { 1.0 })),
            window_s: RwSignal::new(rule.window_s.unwrap_or(300)),
            for_s: RwSignal::new(rule.for_s.unwrap_or(0)),
            hold_s: RwSignal::new(rule.hold_s.unwrap_or(60)),
            remind_s: RwSignal::new(rule.remind_s.value().copied()),
            severity: RwSignal::new(rule.severity.unwrap_or(Severity::Warning)),
            scope: RwSignal::new(scope),
            protocol: RwSignal::new(rule.protocol.value().map(Protocol::word).unwrap_or_default()),
            country: RwSignal::new(rule.country.value().cloned().unwrap_or_default()),
            reason: RwSignal::new(rule.reason.value().map(|one| one.name().to_owned()).unwrap_or_default()),
            indicator: RwSignal::new(rule.indicator.value().cloned().unwrap_or_default()),
            min_score: RwSignal::new(rule.min_score.unwrap_or(0).to_string()),
            only: RwSignal::new(only),
        }
    }

    /// What is sent: what is different. What another metric has no use for is emptied.
    fn written(self, before: &SaveAlertRuleInput) -> Result<SaveAlertRuleInput, Wrong> {
        let metric = self.metric.get_untracked();
        let comparison = self.comparison.get_untracked();
        let times = comparison == Comparison::TimesUsual;
        let is_same = before.id.is_some() && (before.metric, before.comparison) == (Some(metric), Some(comparison));
        // Units of the bars and of the least, now and before.
        let units = |times: bool, metric: Metric| {
            if times {
                (1.0, metric.unit())
            } else {
                (metric.unit(), 1.0)
            }
        };
        let was_times = before.comparison == Some(Comparison::TimesUsual);
        let (bar, least) = units(times, metric);
        let (was_bar, was_least) = units(was_times, before.metric.unwrap_or(metric));
        // What stands there as it was shown is what it was, which may have more digits.
        let amount = |field: Wrong, text: &str, unit: f64, was: Option<f64>, was_unit: f64| match was {
            Some(was) if (unit - was_unit).abs() < f64::EPSILON && text.trim() == short(was / unit) => Ok(was),
            _ => number(field, text).map(|value| value * unit),
        };
        let scope = self.scope.get_untracked();
        let scoped = |kind: &str| {
            let of = scope.strip_prefix(kind).filter(|_| metric.is_of_streams());
            of.map(ToOwned::to_owned)
        };
        let text =
            |text: RwSignal<String>, has: bool| Some(text.get_untracked()).filter(|text| has && !text.is_empty());
        let resolve_at = self.resolve_at.get_untracked();
        let resolve_at = if resolve_at.trim().is_empty() {
            None
        } else {
            let was = before.resolve_at.value().copied();
            Some(amount("resolveAt", &resolve_at, bar, was, was_bar)?)
        };
        let threshold = self.threshold.get_untracked();
        let threshold = amount("threshold", &threshold, bar, before.threshold, was_bar)?;
        let has_least = times || metric.is_ratio();
        let least = if has_least {
            amount("least", &self.least.get_untracked(), least, before.least, was_least)?
        } else {
            before.least.filter(|_| is_same).unwrap_or(0.0)
        };
        let score = if metric == Metric::Findings {
            number("minScore", &self.min_score.get_untracked())?
        } else {
            0.0
        };
        #[expect(clippy::cast_possible_truncation, reason = "the server says where it is no score")]
        let score = score as i32;
        let now = SaveAlertRuleInput {
            name: Some(self.name.get_untracked().trim().to_owned()),
            metric: Some(metric),
            comparison: Some(comparison),
            threshold: Some(threshold),
            resolve_at: Wish::Is(resolve_at),
            least: Some(least),
            window_s: Some(self.window_s.get_untracked()),
            for_s: Some(self.for_s.get_untracked()),
            hold_s: Some(self.hold_s.get_untracked()),
            remind_s: Wish::Is(self.remind_s.get_untracked()),
            severity: Some(self.severity.get_untracked()),
            stream: Wish::Is(scoped("stream:")),
            tag: Wish::Is(scoped("tag:")),
            protocol: Wish::Is(text(self.protocol, metric.is_of_places()).and_then(|word| Protocol::of(&word))),
            country: Wish::Is(text(self.country, metric.is_of_places())),
            reason: Wish::Is(text(self.reason, metric.has_reason()).map(|name| Reason::of(&name))),
            indicator: Wish::Is(text(self.indicator, metric == Metric::Findings)),
            min_score: Some(score),
            receivers: may(Permission::AlertReceiverRead).then(|| self.only.get_untracked()),
            ..before.clone()
        };
        // A new one is as it stands here.
        Ok(if before.id.is_some() { now.against(before) } else { now })
    }
}

/// The field of the input that holds no number.
type Wrong = &'static str;

fn number(field: Wrong, text: &str) -> Result<f64, Wrong> {
    let text = text.trim().replace(',', ".");
    text.parse().map_err(|_| field)
}

#[component]
fn Form(rule: Option<AlertRule>, open: RwSignal<bool>, load: List) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let new = rule.is_none();
    let only = rule.as_ref().map(|rule| rule.receivers.clone()).unwrap_or_default();
    let before = rule.map_or_else(
        || plain("", Metric::Denials, Comparison::AtLeast, 100.0),
        SaveAlertRuleInput::from,
    );
    let draft = Draft::of(&before, only);
    let before = StoredValue::new(before);
    let submit = move |()| {
        let input = match before.with_value(|before| draft.written(before)) {
            Ok(input) => input,
            Err(field) => return doing.refuse(Some(field), "A number."),
        };
        doing.run(alerts::save_alert_rule(api, input), move |_| {
            open.set(false);
            load.again();
            toasts.good("The rule is saved.");
        });
    };
    let metrics = Metric::ALL
        .map(|one| (one.label().to_owned(), one.label().to_owned()))
        .to_vec();
    let choose = move |label: String| {
        let chosen = Metric::ALL.into_iter().find(|one| one.label() == label);
        let metric = chosen.unwrap_or(Metric::Denials);
        draft.metric.set(metric);
        if !metric.has_usual() && draft.comparison.get_untracked() == Comparison::TimesUsual {
            draft.comparison.set(Comparison::AtLeast);
        }
        let unsaid = |least: &String| Metric::ALL.iter().any(|one| one.least() == least);
        if metric.is_ratio() && draft.least.with_untracked(unsaid) {
            draft.least.set(metric.least().to_owned());
        }
    };
    let chosen = Signal::derive(move || draft.metric.get().label().to_owned());
    view! {
        <DialogForm doing open action=if new { "Make rule" } else { "Save" } on_submit=submit>
            <TextField label="Name" value=draft.name error=doing.wrong("name") required=true autofocus=true placeholder="Refusals on the final"/>
            <Select label="Measured" options=metrics chosen on_choose=choose error=doing.wrong("metric")/>
            <Bar draft doing/>
            <Only draft doing/>
            <div class="two">
                {move || (!draft.metric.get().is_now()).then(|| view! {
                    <Seconds label="Within" value=draft.window_s error=doing.wrong("windowS") choices=&[60, 300, 900, 3600, 6 * 3600, 24 * 3600] zero=""/>
                })}
                <Seconds label="Has to hold for" value=draft.for_s error=doing.wrong("forS") choices=&[0, 30, 60, 300, 900] zero="Told at once"/>
            </div>
            <div class="two">
                <TextField label="Over past" value=draft.resolve_at error=doing.wrong("resolveAt") hint="Another bar behind which it is over, so that it does not come and go. The threshold, where this is empty."/>
                <Seconds label="And that for" value=draft.hold_s error=doing.wrong("holdS") choices=&[30, 60, 300, 900, 3600] zero=""/>
            </div>
            <Choices legend="Severity" options=Severity::ALL.map(|one| Choice::new(one, one.label())).to_vec() chosen=draft.severity on_choose=move |one| draft.severity.set(one)/>
            <Remind value=draft.remind_s/>
            {may(Permission::AlertReceiverRead).then(|| view! { <Told only=draft.only/> })}
        </DialogForm>
    }
}

/// From when on it is told.
#[component]
fn Bar(draft: Draft, doing: Doing) -> impl IntoView {
    let comparison = move || {
        let mut options = vec![
            Choice::new(Comparison::AtLeast, "At least"),
            Choice::new(Comparison::AtMost, "At most"),
        ];
        if draft.metric.get().has_usual() {
            options.push(Choice::new(Comparison::TimesUsual, "Times the usual"));
        }
        view! { <Choices legend="Told where it is" options chosen=draft.comparison on_choose=move |one| draft.comparison.set(one)/> }
    };
    let bars = move || {
        let times = draft.comparison.get() == Comparison::TimesUsual;
        let metric = draft.metric.get();
        let threshold = if times { "So many times" } else { "Threshold" };
        let least = match (times, metric) {
            (_, Metric::FailureRatio) => Some(("Of at least", "So many requests within the time; fewer say nothing.")),
            (_, Metric::StartFailures) => Some(("Of at least", "So many players within the time; fewer say nothing.")),
            (_, Metric::Buffering) => Some((
                "Of at least",
                "So many seconds that players were to play within the time; fewer say nothing.",
            )),
            (true, Metric::BytesOut) => Some((
                "And at least",
                "Megabytes; what is less is never told. Usual is the median of the last 6 hours.",
            )),
            (true, _) => Some((
                "And at least",
                "What is less is never told. Usual is the median of the last 6 hours.",
            )),
            (false, _) => None,
        };
        view! {
            <div class="two">
                <TextField label=threshold value=draft.threshold error=doing.wrong("threshold") required=true/>
                {least.map(|(label, hint)| view! { <TextField label value=draft.least error=doing.wrong("least") required=true hint/> })}
            </div>
        }
    };
    view! { {comparison}{bars} }
}

/// What of it counts alone.
#[component]
fn Only(draft: Draft, doing: Doing) -> impl IntoView {
    let api = use_api();
    let streams = Load::new(move || streams::all(api));
    let scopes = Signal::derive(move || {
        let mut options = vec![(String::new(), "All streams".to_owned())];
        streams.value().with(|streams| {
            let all = streams.as_deref().unwrap_or_default();
            let mut tags: Vec<_> = all
                .iter()
                .flat_map(|stream| stream.tags.iter().map(|tag| tag.name.clone()))
                .collect();
            tags.sort();
            tags.dedup();
            options.extend(
                tags.into_iter()
                    .map(|tag| (format!("tag:{tag}"), format!("Label {tag}"))),
            );
            let stream = |stream: &Stream| (format!("stream:{}", stream.name), stream.caption());
            options.extend(all.iter().map(stream));
        });
        // What is chosen stands there, whether it is known or not.
        let chosen = draft.scope.get();
        if options.iter().all(|(value, _)| *value != chosen) {
            let name = chosen
                .split_once(':')
                .map_or(chosen.clone(), |(_, name)| name.to_owned());
            options.push((chosen, name));
        }
        options
    });
    let (stream, tag) = (doing.wrong("stream"), doing.wrong("tag"));
    let scoped = Signal::derive(move || stream.get().or_else(|| tag.get()));
    let protocols: Vec<_> = [(String::new(), "Any protocol".to_owned())]
        .into_iter()
        .chain(Protocol::ALL.map(|one| (one.word(), one.label())))
        .collect();
    let reasons: Vec<_> = [(String::new(), "Any".to_owned())]
        .into_iter()
        .chain(
            guard::Reason::ALL
                .iter()
                .map(|one| (one.as_str().to_owned(), one.as_str().to_owned())),
        )
        .collect();
    let indicators: Vec<_> = [(String::new(), "Any".to_owned())]
        .into_iter()
        .chain(Indicator::ALL.map(|one| (one.as_str().to_owned(), one.label().to_owned())))
        .collect();
    view! {
        <Show when=move || draft.metric.get().is_of_streams()>
            <Select label="Of" options=scopes chosen=draft.scope on_choose=move |word| draft.scope.set(word) error=scoped/>
        </Show>
        {move || draft.metric.get().is_of_places().then(|| view! {
            <Select label="By" options=protocols.clone() chosen=draft.protocol on_choose=move |word| draft.protocol.set(word) error=doing.wrong("protocol")/>
            <TextField label="From the country" value=draft.country error=doing.wrong("country") placeholder="DE" hint="Its code of two letters. All of them, where this is empty."/>
        })}
        {move || draft.metric.get().has_reason().then(|| view! {
            <Select label="For the reason" options=reasons.clone() chosen=draft.reason on_choose=move |word| draft.reason.set(word) error=doing.wrong("reason")/>
        })}
        {move || (draft.metric.get() == Metric::Findings).then(|| view! {
            <Select label="Sign of misuse" options=indicators.clone() chosen=draft.indicator on_choose=move |word| draft.indicator.set(word)/>
            <TextField label="Score, at least" value=draft.min_score error=doing.wrong("minScore") hint="0 to 100; from 50 on it is called misuse." required=true/>
        })}
    }
}

/// One of a few spans; another one that it is already stands beside them.
#[component]
fn Seconds(
    label: &'static str,
    value: RwSignal<i32>,
    #[prop(into)] error: Signal<Option<String>>,
    choices: &'static [i32],
    zero: &'static str,
) -> impl IntoView {
    let options = Signal::derive(move || {
        let now = value.get();
        let mut all = choices.to_vec();
        if !all.contains(&now) {
            all.push(now);
            all.sort_unstable();
        }
        let option = |one: i32| {
            (
                one.to_string(),
                if one == 0 && !zero.is_empty() {
                    zero.to_owned()
                } else {
                    span(one)
                },
            )
        };
        all.into_iter().map(option).collect::<Vec<_>>()
    });
    let chosen = Signal::derive(move || value.get().to_string());
    view! { <Select label options chosen on_choose=move |word: String| value.set(word.parse().unwrap_or(0)) error/> }
}

#[component]
fn Remind(value: RwSignal<Option<i32>>) -> impl IntoView {
    let options = Signal::derive(move || {
        let mut all = vec![3600, 4 * 3600, 24 * 3600];
        if let Some(now) = value.get().filter(|now| !all.contains(now)) {
            all.push(now);
            all.sort_unstable();
        }
        let mut options = vec![("0".to_owned(), "Never".to_owned())];
        options.extend(
            all.into_iter()
                .map(|one| (one.to_string(), format!("Every {}", span(one)))),
        );
        options
    });
    let chosen = Signal::derive(move || value.get().unwrap_or(0).to_string());
    view! {
        <Select label="Told again while it goes on" options chosen on_choose=move |word: String| value.set(word.parse().ok().filter(|one| *one > 0))/>
    }
}

/// Who is told of it: everybody, or those who are chosen.
#[component]
fn Told(only: RwSignal<Vec<cynic::Id>>) -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || alerts::receivers(api));
    let chosen = RwSignal::new(!only.with_untracked(Vec::is_empty));
    let choose = move |some: bool| {
        chosen.set(some);
        if !some {
            only.set(vec![]);
        }
    };
    let all = move |known: &Receivers| {
        let receivers = known.receivers.iter().map(|one| (one.id.clone(), one.name.clone()));
        let hooks = known
            .hooks
            .iter()
            .map(|(id, url)| (id.clone(), format!("Webhook {url}")));
        receivers.chain(hooks).collect::<Vec<_>>()
    };
    let switches = move || {
        let known = load.value().with(|known| known.as_ref().map(all).unwrap_or_default());
        if known.is_empty() {
            return view! { <p class="soft">"There are no receivers yet."</p> }.into_any();
        }
        known
            .into_iter()
            .map(|(id, name)| view! { <Receiver id name only/> })
            .collect_view()
            .into_any()
    };
    view! {
        <Choices legend="Who is told" options=vec![Choice::new(false, "Every receiver"), Choice::new(true, "Only these")] chosen on_choose=choose/>
        {move || chosen.get().then(switches)}
    }
}

#[component]
fn Receiver(id: cynic::Id, name: String, only: RwSignal<Vec<cynic::Id>>) -> impl IntoView {
    let value = RwSignal::new(only.with_untracked(|only| only.contains(&id)));
    Effect::new(move |before: Option<bool>| {
        let on = value.get();
        if before.is_some_and(|before| before != on) {
            only.update(|only| {
                only.retain(|one| *one != id);
                if on {
                    only.push(id.clone());
                }
            });
        }
        on
    });
    view! { <Switch label=name value/> }
}
