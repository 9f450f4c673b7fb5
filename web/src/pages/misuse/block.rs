//! Keeping somebody out, from where a finding or a view leads: how far it reaches, for how long, and whom it would cut.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        rules::{self, Action, BlockedBy, Candidate, CreateGuardianRuleInput, Doors, Kind, Mode},
    },
    country,
    kit::{Badge, Choice, Choices, Dialog, DialogForm, Doing, TextField, Tone, use_toasts},
    pages::{
        audit::written,
        guardian::{Trial, done, tried},
    },
    time,
};

/// What a rule would look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) kind: Kind,
    pub(super) value: String,
    pub(super) label: String,
}

/// What is to be kept out, the narrowest first; setting it opens the dialog.
pub(super) type Asked = RwSignal<Option<Vec<Reach>>>;

impl Reach {
    pub(super) fn of(kind: Kind, value: &str, label: String) -> Self {
        // What is not known, or was not sent, is `none` to rules.
        let value = if value.is_empty() { "none" } else { value };
        Self {
            kind,
            value: value.to_owned(),
            label,
        }
    }

    /// An address, and what it is in.
    pub(super) fn around(ip: &str, asn: Option<u32>, provider: Option<&str>, land: Option<&str>) -> Vec<Self> {
        let mut all = vec![Self::of(Kind::Ip, ip, ip.to_owned())];
        if let Some(network) = network(ip) {
            all.push(Self::of(Kind::Ip, &network, network.clone()));
        }
        if let Some(asn) = asn {
            let name = provider.map(|name| format!(" ({name})")).unwrap_or_default();
            all.push(Self::of(Kind::Asn, &asn.to_string(), format!("Network AS{asn}{name}")));
        }
        if let Some(code) = land.filter(|code| !code.is_empty()) {
            all.push(Self::of(Kind::Country, code, country::name(code)));
        }
        all
    }
}

/// Says that somebody is kept out, and leads to the rule.
#[component]
pub(super) fn Blocked(by: BlockedBy) -> impl IntoView {
    let why = barred(Some(&by));
    let title = why.clone();
    let href = format!(
        "/guardian{}",
        written(&[("q", by.value), ("kind", by.kind.as_word().to_owned())])
    );
    view! {
        <a href=href title=title><Badge tone=Tone::Bad text="Blocked"/><span class="sr-only">". "{why}</span></a>
    }
}

/// Why blocking would do nothing.
pub(super) fn barred(by: Option<&BlockedBy>) -> Option<String> {
    let BlockedBy { kind, value } = by?;
    let rule = match (kind, value.as_str()) {
        (Kind::Asn, "none") => "networks that are not known".to_owned(),
        (Kind::Asn, "*") => "all networks".to_owned(),
        (Kind::Asn, number) => format!("network AS{number}"),
        (Kind::Country, "none") => "countries that are not known".to_owned(),
        (Kind::Country, "*") => "all countries".to_owned(),
        (Kind::Country, code) => country::name(code),
        (Kind::Ip | Kind::Referrer | Kind::UserAgent, value) => value.to_owned(),
    };
    Some(format!(
        "The rule on {rule} keeps it out already: see the Guardian page."
    ))
}

/// The /24 that an address is in, or the /64; what is a network already has none.
pub(super) fn network(ip: &str) -> Option<String> {
    match ip.parse().ok()? {
        IpAddr::V4(four) => Some(format!("{}/24", Ipv4Addr::from_bits(four.to_bits() & !0xff))),
        IpAddr::V6(six) => {
            let bits = six.to_bits() & !u128::from(u64::MAX);
            Some(format!("{}/64", Ipv6Addr::from_bits(bits)))
        }
    }
}

const ENDS: [(Option<Duration>, &str); 5] = [
    (Some(Duration::from_hours(1)), "1 h"),
    (Some(Duration::from_hours(24)), "24 h"),
    (Some(Duration::from_hours(7 * 24)), "7 days"),
    (Some(Duration::from_hours(30 * 24)), "30 days"),
    (None, "For good"),
];

/// The dialog. `on_blocked` is called once the rule is in force.
#[component]
pub(super) fn Block(asked: Asked, #[prop(into)] on_blocked: Callback<()>) -> impl IntoView {
    let (open, reaches) = (RwSignal::new(false), RwSignal::new(Vec::new()));
    Effect::new(move |_| {
        if let Some(some) = asked.get() {
            asked.set(None);
            reaches.set(some);
            open.set(true);
        }
    });
    let title = Signal::derive(move || {
        let first = reaches.with(|all: &Vec<Reach>| all.first().map(|one| one.label.clone()));
        format!("Block {}", first.unwrap_or_default())
    });
    view! {
        <Dialog open title wide=true>
            {move || view! { <Form reaches=reaches.get() open on_blocked/> }}
        </Dialog>
    }
}

#[component]
fn Form(reaches: Vec<Reach>, open: RwSignal<bool>, on_blocked: Callback<()>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let chosen = RwSignal::new(0_usize);
    let (end, note) = (
        RwSignal::new(Some(Duration::from_hours(24))),
        RwSignal::new(String::new()),
    );
    let options: Vec<_> = reaches
        .iter()
        .enumerate()
        .map(|(at, reach)| Choice::new(at, reach.label.clone()))
        .collect();
    let several = options.len() > 1;
    let reaches = StoredValue::new(reaches);
    let reach = move |at: usize| reaches.with_value(|all| all.get(at).cloned());
    let candidate = Signal::derive(move || {
        let reach = reach(chosen.get());
        Candidate {
            kind: reach.as_ref().map_or(Kind::Ip, |reach| reach.kind),
            value: reach.map(|reach| reach.value).unwrap_or_default(),
            action: Action::Deny,
            door: Doors::Playback,
            stream: None,
            group: None,
            replaces: None,
            exceptions: vec![],
        }
    });
    let tried = tried(candidate);
    let wrong = Memo::new(move |_| tried.wrong());
    let submit = move |()| {
        let Some(reach) = reach(chosen.get_untracked()) else {
            return;
        };
        let note = note.get_untracked().trim().to_owned();
        let input = CreateGuardianRuleInput {
            kind: reach.kind,
            value: reach.value,
            action: Action::Deny,
            mode: Mode::Enforce,
            door: Doors::Playback,
            stream: None,
            group: None,
            expires_at: end.get_untracked().map(time::after),
            note: Some(note).filter(|note| !note.is_empty()),
        };
        let label = reach.label;
        doing.run(rules::create_guardian_rule(api, input), move |payload| {
            open.set(false);
            on_blocked.run(());
            toasts.good(done(&format!("{label} is blocked"), payload.change.as_ref()));
        });
    };
    let ends = ENDS.map(|(end, label)| Choice::new(end, label)).to_vec();
    let (action, mode) = (Signal::stored(Action::Deny), Signal::stored(Mode::Enforce));
    view! {
        <DialogForm doing open action="Block" on_submit=submit>
            {several.then(|| view! { <Choices legend="How far" options chosen on_choose=move |at| chosen.set(at)/> })}
            <Choices legend="For how long" options=ends chosen=end on_choose=move |one| end.set(one)/>
            <TextField label="Comment" value=note placeholder="Restreams our matches" hint="It stands beside the rule, on the Guardian page."/>
            {move || wrong.get().map(|why| view! { <p class="field-error" role="alert">{why}</p> })}
            <Trial tried action mode/>
        </DialogForm>
    }
}
