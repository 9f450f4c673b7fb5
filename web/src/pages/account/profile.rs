//! The person: who they are here, what they may do, how the dashboard looks to them.

use leptos::{ev::SubmitEvent, prelude::*};

use super::Head;
use crate::{
    api::{account, client::use_api},
    kit::{Badge, Button, Card, Choice, Choices, Doing, TextField, Tone, Trouble, use_toasts},
    pages::outside::Memberships,
    session::{use_person, use_session},
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
    let (api, session, toasts, doing) = (use_api(), use_session(), use_toasts(), Doing::new());
    let person = use_person().get_untracked();
    let name = RwSignal::new(person.viewer.name.clone());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let name = name.get_untracked().trim().to_owned();
        doing.run(
            account::change_name(api, account::ChangeNameInput { name }),
            move |_| {
                toasts.good("Your name is saved.");
                session.recheck();
            },
        );
    };
    view! {
        <Card title="Name">
            <form class="stack" on:submit=submit>
                <TextField label="What others see" value=name required=true autocomplete="name"/>
                {person.viewer.email.map(|email| view! { <p class="soft">"You sign in as "<strong>{email}</strong>"."</p> })}
                <Trouble doing/>
                <div><Button submit=true busy=doing.busy>"Save name"</Button></div>
            </form>
        </Card>
    }
}
