//! The person: who they are here, what they may do, how the dashboard looks to them.

use leptos::prelude::*;

use super::Head;
use crate::{
    kit::{Badge, Card, Choice, Choices, Tone},
    pages::outside::Memberships,
    session::use_person,
    theme::{self, Theme},
};

/// Name, role, organisations, appearance, and the way out.
#[component]
pub(crate) fn Account() -> impl IntoView {
    let person = use_person().get_untracked();
    let role = person.organisation().map(|_| person.role());
    let chosen = RwSignal::new(theme::chosen());
    let choose = move |theme| {
        theme::choose(theme);
        chosen.set(theme);
    };
    view! {
        <Head/>
        <div class="narrow stack">
            <Name/>
            {role.map(|role| view! {
                <Card title="Your role">
                    <p><Badge tone=Tone::Calm text=role.label()/></p>
                    <p class="soft">{role.sentence()}</p>
                </Card>
            })}
            <Card title="Organisations" flush=true>
                <Memberships/>
            </Card>
            <Card title="Appearance">
                <Choices
                    legend="Theme" legend_hidden=true
                    options=Theme::ALL.map(|theme| Choice::new(theme, theme.label())).to_vec()
                    chosen on_choose=choose
                />
            </Card>
        </div>
    }
}

#[component]
fn Name() -> impl IntoView {
    let person = use_person().get_untracked();
    view! {
        <Card title="Name">
            <p><strong>{person.name()}</strong></p>
            {person.viewer.email.map(|email| view! { <p class="soft">"You sign in as "<strong>{email}</strong>"."</p> })}
        </Card>
    }
}
