//! "Only these domains": an exception for each of them, and a rule that keeps out every other site, by one change.

use guard::HostPattern;
use leptos::prelude::*;

use super::{List, form, trial};
use crate::{
    api::{
        client::use_api,
        failure::sentence,
        rule_import::{self, ImportGuardianRulesInput},
        rules::{Action, Candidate, CreateGuardianRuleInput, Doors, Kind, Mode},
    },
    kit::{Choice, Choices, Dialog, DialogForm, Doing, TextArea, use_toasts},
};

/// Asks for the domains.
#[component]
pub(super) fn OnlyThese(open: RwSignal<bool>, load: List) -> impl IntoView {
    view! {
        <Dialog open title="Only these domains" wide=true><Form open load/></Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, load: List) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (text, scope, apps) = (
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
        RwSignal::new(false),
    );
    let read = Memo::new(move |_| text.with(|text| domains(text)));
    let wrong = Signal::derive(move || read.with(|read| read.as_ref().err().cloned()));
    // The domains, and what lets in players of no site.
    let exceptions = move || {
        let domains = read.with(|read| read.clone().unwrap_or_default());
        let none = (apps.get() && !domains.is_empty()).then(|| "none".to_owned());
        domains.into_iter().chain(none).collect::<Vec<_>>()
    };
    let candidate = Signal::derive(move || {
        let exceptions = exceptions();
        let (stream, group) = form::split(&scope.get());
        Candidate {
            kind: Kind::Referrer,
            // Nothing is tried before there is a domain.
            value: if exceptions.is_empty() { "" } else { "*" }.to_owned(),
            action: Action::Deny,
            door: Doors::Playback,
            stream,
            group,
            replaces: None,
            exceptions,
        }
    });
    let tried = trial::tried(candidate);
    let submit = move |()| {
        let (stream, group) = form::split(&scope.get_untracked());
        let rule = |value: String, action| CreateGuardianRuleInput {
            kind: Kind::Referrer,
            value,
            action,
            mode: Mode::Enforce,
            door: Doors::Playback,
            stream: stream.clone(),
            group: group.clone(),
            expires_at: None,
            note: Some("Only these domains".to_owned()),
        };
        let allowed = untrack(exceptions);
        if allowed.is_empty() {
            return;
        }
        let mut rules: Vec<_> = allowed.into_iter().map(|value| rule(value, Action::Allow)).collect();
        rules.push(rule("*".to_owned(), Action::Deny));
        let input = ImportGuardianRulesInput {
            rules: Some(rules),
            ..ImportGuardianRulesInput::default()
        };
        doing.run(rule_import::import(api, input), move |done| match done {
            Err(wrong) => {
                if let Some(why) = wrong.into_iter().next() {
                    doing.refuse(None, why);
                }
            }
            Ok(imported) => {
                open.set(false);
                load.again();
                toasts.good(form::done(
                    "Only these domains may show the player",
                    imported.change.as_ref(),
                ));
            }
        });
    };
    let (action, mode) = (Signal::stored(Action::Deny), Signal::stored(Mode::Enforce));
    view! {
        <DialogForm doing open action="Let in only these" on_submit=submit>
            <TextArea
                label="Domains" value=text lines=4 required=true autofocus=true error=wrong placeholder="app.example.com\n*.example.org"
                hint="One a line. example.com is that site alone; *.example.com is every site below it. Every other site is kept out."
            />
            <Choices
                legend="Players of no site: apps, VLC, a pasted link"
                options=vec![Choice::new(false, "Keep out"), Choice::new(true, "Let in")] chosen=apps on_choose=move |one| apps.set(one)
            />
            <form::Scope scope/>
            <trial::Trial tried action mode/>
        </DialogForm>
    }
}

/// The domains of a text, each once; or what is wrong with the first that is none.
fn domains(text: &str) -> Result<Vec<String>, String> {
    let mut domains = Vec::new();
    for word in text
        .split([',', ';', ' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
    {
        let domain = word
            .parse::<HostPattern>()
            .map_err(|error| sentence(&error.to_string()))?
            .to_string();
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    Ok(domains)
}
