//! What the linter says about a token, by the same code that the server lints with.

use guard::lint::{Finding, Severity};
use leptos::prelude::*;

use crate::{
    api::{failure::sentence, tokens::Advice},
    kit::{Badge, Tone},
};

/// Findings, the weightiest first; where there are none that matter, that is said.
#[component]
pub(crate) fn Findings(#[prop(into)] findings: Signal<Vec<Finding>>) -> impl IntoView {
    let flawless = move || findings.with(|all| all.iter().all(|one| one.severity == Severity::Info));
    view! {
        <ul class="findings">
            {move || flawless().then(|| view! {
                <li><Badge tone=Tone::Good text="Good"/><span>"Nothing stands against it."</span></li>
            })}
            <For each=move || findings.get() key=|one| (one.code, shown(one.severity).1) let:one>
                <li data-code=one.code>{badge(one.severity)}<span>{sentence(one.message)}</span></li>
            </For>
        </ul>
    }
}

/// The same, as the server saw it.
#[component]
pub(crate) fn SeenAdvice(advice: Vec<Advice>) -> impl IntoView {
    if advice.is_empty() {
        return view! { <p class="soft">"Nothing stands against it."</p> }.into_any();
    }
    view! {
        <ul class="findings">
            {advice.into_iter().map(|one| view! { <li>{badge(one.severity.into())}<span>{sentence(&one.message)}</span></li> }).collect_view()}
        </ul>
    }
    .into_any()
}

fn badge(severity: Severity) -> impl IntoView {
    let (tone, text) = shown(severity);
    view! { <Badge tone text/> }
}

/// A severity's colour and word.
pub(super) const fn shown(severity: Severity) -> (Tone, &'static str) {
    match severity {
        Severity::Info => (Tone::Calm, "Note"),
        Severity::Warn => (Tone::Warn, "Weak"),
        Severity::Fail => (Tone::Bad, "Risky"),
    }
}
