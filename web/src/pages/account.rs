//! The person: who they are here, what they may do, how the dashboard looks to them.

use leptos::prelude::*;

use crate::{
    kit::{Badge, Button, Card, Choice, Choices, PageHead, Tone},
    session::{Session, use_person, use_session},
    theme::{self, Theme},
};

/// Role, organisations, appearance, and the way out.
#[component]
pub(crate) fn Account() -> impl IntoView {
    let (person, session) = (use_person().get_untracked(), use_session());
    let role = person.role();
    let here = person.organisation.hash.clone();
    let chosen = RwSignal::new(theme::chosen());
    let choose = move |theme| {
        theme::choose(theme);
        chosen.set(theme);
    };
    view! {
        <PageHead title="Account" lead=person.name()>
            <Button icon=icondata_lu::LuLogOut on_press=move |_| session.sign_out()>"Sign out"</Button>
        </PageHead>
        <div class="narrow stack">
            <Card title="Your role">
                <p><Badge tone=Tone::Calm text=role.label()/></p>
                <p class="soft">{role.sentence()}</p>
            </Card>
            <Card title="Organisations" flush=true>
                <ul class="rows">
                    {person.viewer.memberships.into_iter().map(|one| {
                        let (hash, current) = (one.organisation.hash, one.organisation.name);
                        let is_here = hash == here;
                        let to = hash.clone();
                        view! {
                            <li>
                                <span class="row-main"><strong>{current}</strong><span class="mono soft">{hash}" · "{one.role.label()}</span></span>
                                {if is_here {
                                    view! { <Badge tone=Tone::Good text="Current"/> }.into_any()
                                } else {
                                    view! { <Button on_press=move |_| Session::switch(&to)>"Switch to it"</Button> }.into_any()
                                }}
                            </li>
                        }
                    }).collect_view()}
                </ul>
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
