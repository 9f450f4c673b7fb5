//! Who is signed in and acts in no organisation: why, and what to do about it.

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;

use crate::{
    api::people::{Closed, Membership},
    kit::{Badge, Button, Card, Empty, Look, Tone, returning},
    session::{Session, use_person, use_session},
};

/// What stands in place of the organisation's pages.
#[component]
pub(crate) fn Outside() -> impl IntoView {
    let (person, session) = (use_person().get_untracked(), use_session());
    let memberships = person.viewer.memberships;
    if memberships.iter().all(|one| one.closed.is_some()) && person.viewer.operator {
        return view! { <Redirect path="/platform"/> }.into_any();
    }
    look_again(session);
    let chosen = session.chosen();
    let asked = memberships
        .iter()
        .find(|one| Some(&one.organisation.hash) == chosen.as_ref());
    let asked = asked
        .or_else(|| memberships.first().filter(|_| memberships.len() == 1))
        .cloned();
    let (icon, title, text) = match &asked {
        _ if memberships.is_empty() => (
            icondata_lu::LuBuilding2,
            "No organisation".to_owned(),
            "You are signed in, and belong to no organisation. Ask an administrator for an invitation.",
        ),
        Some(one) => {
            let (icon, title) = match one.closed {
                Some(Closed::OrganisationSuspended) => (icondata_lu::LuBan, "is suspended"),
                Some(Closed::SecondFactorRequired) => (icondata_lu::LuShieldCheck, "wants a second factor"),
                Some(Closed::SignInAgain) | None => (icondata_lu::LuLockKeyhole, "is closed to this sign-in"),
            };
            let text = one.closed.map_or("Look again in a moment.", why);
            (icon, format!("{} {title}", one.organisation.name), text)
        }
        None => (
            icondata_lu::LuBuilding2,
            "No organisation is chosen".to_owned(),
            "Choose one of those that you belong to.",
        ),
    };
    let act = match asked.as_ref().and_then(|one| one.closed) {
        Some(Closed::SecondFactorRequired) => {
            view! { <a class="btn btn-primary" href="/account/security">"Set up a second factor"</a> }.into_any()
        }
        Some(Closed::SignInAgain) => {
            view! { <Button look=Look::Primary on_press=move |_| session.sign_out()>"Sign in again"</Button> }
                .into_any()
        }
        _ => view! {
            <Button icon=icondata_lu::LuRotateCw on_press=move |_| session.refresh()>"Look again"</Button>
        }
        .into_any(),
    };
    let several = memberships.len() > 1;
    view! {
        <Title text=title.clone()/>
        <h1 class="sr-only">{title.clone()}</h1>
        <Empty icon title text>{act}</Empty>
        {several.then(|| view! { <Card title="Your organisations" flush=true><Memberships/></Card> })}
    }
    .into_any()
}

/// Nothing is pushed to whoever is outside: it is asked whether something opened when they come back to the page, and
/// now and then while they look at it.
fn look_again(session: Session) {
    returning(move || session.recheck());
    let look = move || {
        if !document().hidden() {
            session.recheck();
        }
    };
    let looking = set_interval_with_handle(look, LOOKS_EVERY).ok();
    on_cleanup(move || {
        if let Some(looking) = looking {
            looking.clear();
        }
    });
}

/// Every organisation that the person belongs to: the way there, or why there is none.
#[component]
pub(crate) fn Memberships() -> impl IntoView {
    let person = use_person().get_untracked();
    let here = person.hash();
    if person.viewer.memberships.is_empty() {
        return view! { <p class="row-note soft">"You belong to none. Ask an administrator for an invitation."</p> }
            .into_any();
    }
    let rows = person.viewer.memberships.into_iter().map(|one| {
        let is_here = one.organisation.hash == here;
        view! { <One one is_here/> }
    });
    view! { <ul class="rows">{rows.collect_view()}</ul> }.into_any()
}

#[component]
fn One(one: Membership, is_here: bool) -> impl IntoView {
    let session = use_session();
    let hash = one.organisation.hash.clone();
    let why = one.closed.map(why);
    let act = match one.closed {
        Some(Closed::SecondFactorRequired) => {
            view! { <a class="btn btn-primary" href="/account/security">"Set up a second factor"</a> }.into_any()
        }
        Some(Closed::SignInAgain) => {
            view! { <Button on_press=move |_| session.sign_out()>"Sign in again"</Button> }.into_any()
        }
        Some(Closed::OrganisationSuspended) => view! { <Badge tone=Tone::Bad text="Suspended"/> }.into_any(),
        None if is_here => view! { <Badge tone=Tone::Good text="Current"/> }.into_any(),
        None => view! { <Button on_press=move |_| Session::switch(&hash)>"Switch to it"</Button> }.into_any(),
    };
    view! {
        <li>
            <span class="row-main">
                <strong>{one.organisation.name}</strong>
                <span class="soft"><span class="mono">{one.organisation.hash}</span>" · "{one.role.label()}</span>
                {why.map(|why| view! { <span class="soft">{why}</span> })}
            </span>
            {act}
        </li>
    }
}

const fn why(closed: Closed) -> &'static str {
    match closed {
        Closed::OrganisationSuspended => {
            "The platform operator has suspended it: nothing of it plays or is published, and nobody can act in it. Nothing is lost. Ask the operator why."
        }
        Closed::SecondFactorRequired => {
            "It wants a second factor. Set one up, or sign in again with the one that you have."
        }
        Closed::SignInAgain => {
            "It is closed to this sign-in: it was ended there, or the organisation lets you in by its identity provider. Sign in again to go on."
        }
    }
}

const LOOKS_EVERY: Duration = Duration::from_secs(8);
