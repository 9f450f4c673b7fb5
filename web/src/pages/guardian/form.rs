//! The dialog in which a rule is made or changed, with what it would do beside it.

use std::time::Duration;

use leptos::prelude::*;

use super::{List, trial};
use crate::{
    api::{
        client::use_api,
        people::Permission,
        rules::{
            self, Action, Candidate, CreateGuardianRuleInput, Doors, GroupName, Kind, Mode, Rule,
            UpdateGuardianRuleInput,
        },
        streams::{self, Stream},
        tokens::Change,
    },
    kit::{Choice, Choices, Dialog, DialogForm, Doing, Load, Select, TextField, rested, use_toasts},
    pages::located::{Named, Unlocated},
    session::may,
    time,
};

const HOUR: Duration = Duration::from_hours(1);

/// When a rule ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Never,
    In(Duration),
    /// As it is.
    Kept,
}

const ENDS: [(End, &str); 5] = [
    (End::Never, "Never"),
    (End::In(HOUR), "1 h"),
    (End::In(Duration::from_hours(24)), "24 h"),
    (End::In(Duration::from_hours(7 * 24)), "7 days"),
    (End::In(Duration::from_hours(30 * 24)), "30 days"),
];

/// Makes a rule where `making` is set, and changes the one that `editing` holds.
#[component]
pub(super) fn RuleDialog(making: RwSignal<bool>, editing: RwSignal<Option<Rule>>, load: List) -> impl IntoView {
    let (open, rule) = (RwSignal::new(false), RwSignal::new(None::<Rule>));
    Effect::new(move |_| {
        if making.get() {
            making.set(false);
            rule.set(None);
            open.set(true);
        }
    });
    Effect::new(move |_| {
        if let Some(one) = editing.get() {
            editing.set(None);
            rule.set(Some(one));
            open.set(true);
        }
    });
    let title = Signal::derive(move || {
        if rule.with(Option::is_some) {
            "Edit rule"
        } else {
            "New rule"
        }
        .to_owned()
    });
    view! {
        <Dialog open title wide=true>
            {move || view! { <Form rule=rule.get() open load/> }}
        </Dialog>
    }
}

#[component]
fn Form(rule: Option<Rule>, open: RwSignal<bool>, load: List) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let kind = RwSignal::new(rule.as_ref().map_or(Kind::Ip, |rule| rule.kind));
    let value = RwSignal::new(rule.as_ref().map(|rule| rule.value.clone()).unwrap_or_default());
    let action = RwSignal::new(rule.as_ref().map_or(Action::Deny, |rule| rule.action));
    let mode = RwSignal::new(rule.as_ref().map_or(Mode::Enforce, |rule| rule.mode));
    let door = RwSignal::new(rule.as_ref().map_or(Doors::Playback, |rule| rule.door));
    let scope = RwSignal::new(rule.as_ref().map(scope_word).unwrap_or_default());
    let kept = rule.as_ref().and_then(|rule| rule.expires_at.clone());
    let end = RwSignal::new(if kept.is_some() { End::Kept } else { End::Never });
    let note = RwSignal::new(rule.as_ref().and_then(|rule| rule.note.clone()).unwrap_or_default());
    let id = rule.as_ref().map(|rule| rule.id.clone());

    // What is for others is said before it is asked for, and not tried.
    let may_wide = may(Permission::RuleWriteWide);
    let beyond: Signal<Option<String>> = Memo::new(move |_| {
        let kind = kind.get();
        let is_beyond = !may_wide && value.with(|value| kind.is_wide(value));
        is_beyond.then(|| for_administrators(kind).to_owned())
    })
    .into();
    let replaces = id.clone();
    let candidate = Signal::derive(move || {
        let (stream, group) = split(&scope.get());
        Candidate {
            kind: kind.get(),
            value: if beyond.with(Option::is_some) {
                String::new()
            } else {
                value.get()
            },
            action: action.get(),
            door: door.get(),
            stream,
            group,
            replaces: replaces.clone(),
            exceptions: vec![],
        }
    });
    let tried = trial::tried(candidate);
    let settled = rested(beyond);
    let wrong = Signal::derive(move || {
        let rests = |why: &String| beyond.with(|now| now.as_ref() == Some(why));
        settled.get().filter(rests).or_else(|| tried.wrong())
    });
    let ends = StoredValue::new(kept.clone());
    let submit = move |()| {
        let expires_at = match end.get_untracked() {
            End::Never => None,
            End::In(span) => Some(time::after(span)),
            End::Kept => ends.get_value(),
        };
        let (action, mode, door) = (action.get_untracked(), mode.get_untracked(), door.get_untracked());
        let note = note.get_untracked().trim().to_owned();
        let told = move |change: Option<Change>| {
            open.set(false);
            load.again();
            let what = match mode {
                Mode::Enforce => "The rule is in force",
                Mode::Monitor => "The rule counts from now on",
            };
            toasts.good(done(what, change.as_ref()));
        };
        if let Some(id) = id.clone() {
            let input = UpdateGuardianRuleInput {
                id,
                action,
                mode,
                door,
                expires_at,
                note,
            };
            return doing.run(rules::update_guardian_rule(api, input), move |payload| {
                told(payload.change);
            });
        }
        let (stream, group) = split(&scope.get_untracked());
        let input = CreateGuardianRuleInput {
            kind: kind.get_untracked(),
            value: value.get_untracked(),
            action,
            mode,
            door,
            stream,
            group,
            expires_at,
            note: Some(note).filter(|note| !note.is_empty()),
        };
        doing.run(rules::create_guardian_rule(api, input), move |payload| {
            told(payload.change);
        });
    };
    let about = match rule {
        Some(rule) => view! { <p><span class="soft">{rule.kind.label()}" "</span><strong class="mono rule-value">{rule.value}</strong></p> }.into_any(),
        None => view! { <About kind value wrong/> }.into_any(),
    };
    let is_new = kept.is_none();
    let mut ends: Vec<_> = ENDS.map(|(end, label)| Choice::new(end, label)).to_vec();
    if !is_new {
        ends.insert(0, Choice::new(End::Kept, "As it is"));
    }
    let changes = candidate.with_untracked(|candidate| candidate.replaces.is_some());
    let save = if changes { "Save" } else { "Make rule" };
    view! {
        <DialogForm doing open action=save barred=beyond on_submit=submit>
            {about}
            <div class="two">
                <Choices legend="Whoever fits" options=vec![Choice::new(Action::Deny, "Keep out"), Choice::new(Action::Allow, "Let in")] chosen=action on_choose=move |one| action.set(one)/>
                <Choices legend="Mode" options=vec![Choice::new(Mode::Enforce, "Enforce"), Choice::new(Mode::Monitor, "Only count")] chosen=mode on_choose=move |one| mode.set(one)/>
            </div>
            {may_wide.then(|| view! {
                <Choices legend="At the door of" options=[Doors::Playback, Doors::Ingest, Doors::Both].map(|one| Choice::new(one, one.label())).to_vec() chosen=door on_choose=move |one| door.set(one)/>
            })}
            {(!changes).then(|| view! { <Scope scope/> })}
            <Choices legend="Ends" options=ends chosen=end on_choose=move |one| end.set(one)/>
            <TextField label="Comment" value=note placeholder="Restreams our matches" hint="For your colleagues: why it is there."/>
            <trial::Trial tried action=action.into() mode=mode.into()/>
        </DialogForm>
    }
}

/// Why a rule on so many is not for every role.
const fn for_administrators(kind: Kind) -> &'static str {
    match kind {
        Kind::Ip => "A network wider than /8, or /16 of IPv6, is for nanoAdmin.",
        Kind::Asn | Kind::Country | Kind::Referrer | Kind::UserAgent => "A rule on everybody is for nanoAdmin.",
    }
}

/// What it looks at, and for what.
#[component]
fn About(kind: RwSignal<Kind>, value: RwSignal<String>, wrong: Signal<Option<String>>) -> impl IntoView {
    let options = Kind::ALL.map(|one| Choice::new(one, one.label())).to_vec();
    let named = Signal::derive(move || match kind.get() {
        Kind::Country => Some(Named::Country),
        Kind::Asn => Some(Named::Network),
        Kind::Ip | Kind::Referrer | Kind::UserAgent => None,
    });
    let field = move || {
        let (label, placeholder, hint) = match kind.get() {
            Kind::Ip => (
                "Address or network",
                "203.0.113.0/24",
                "One address, or a network in CIDR notation; IPv4 and IPv6.",
            ),
            Kind::Asn => (
                "Network number",
                "64500",
                "The number of the network (ASN); none for unknown ones, * for all.",
            ),
            Kind::Country => (
                "Country code",
                "DE",
                "Two letters of ISO 3166-1; none for unknown ones, * for all.",
            ),
            Kind::Referrer => (
                "Site",
                "*.example.com",
                "The host of the page that shows the player; *. for all hosts below it; none for a missing one, * for all.",
            ),
            Kind::UserAgent => (
                "Player",
                "curl/*",
                "What the player calls itself, letter by letter; * stands for anything; none for a missing name.",
            ),
        };
        view! { <TextField label value mono=true required=true autofocus=true placeholder hint error=wrong/> }
    };
    view! {
        <Choices legend="By" options chosen=kind on_choose=move |one| kind.set(one)/>
        {field}
        <Unlocated named so="A rule on one fits nobody; only none and * do."/>
    }
}

/// The streams that it is for.
#[component]
pub(super) fn Scope(scope: RwSignal<String>) -> impl IntoView {
    let api = use_api();
    let streams = Load::new(move || streams::all(api));
    let groups = Load::new(move || rules::groups(api));
    let options = Signal::derive(move || {
        let mut options = vec![(String::new(), "All streams".to_owned())];
        let group = |group: &GroupName| (format!("group:{}", group.id.inner()), format!("Group {}", group.name));
        groups
            .value()
            .with(|groups| options.extend(groups.iter().flatten().map(group)));
        let stream = |stream: &Stream| (format!("stream:{}", stream.name), stream.caption());
        streams
            .value()
            .with(|streams| options.extend(streams.iter().flatten().map(stream)));
        options
    });
    view! { <Select label="For" options chosen=scope on_choose=move |word| scope.set(word)/> }
}

/// What a change came to, in a sentence.
pub(crate) fn done(what: &str, change: Option<&Change>) -> String {
    match change.map_or(0, |change| change.sessions_ended) {
        0 => format!("{what}."),
        ended => format!("{what}: cut {}.", time::count(ended, "session", "sessions")),
    }
}

fn scope_word(rule: &Rule) -> String {
    match (&rule.stream, &rule.group) {
        (Some(stream), _) => format!("stream:{}", stream.name),
        (None, Some(group)) => format!("group:{}", group.id.inner()),
        (None, None) => String::new(),
    }
}

/// The stream, or the group, that a word of the list stands for.
pub(super) fn split(word: &str) -> (Option<String>, Option<cynic::Id>) {
    let group = word.strip_prefix("group:").map(cynic::Id::new);
    (word.strip_prefix("stream:").map(str::to_owned), group)
}
