//! Who is signed in and acts in no organisation: why, and what to do about it.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    api::people::{Closed, Membership},
    kit::{Badge, Button, Card, Empty, Tone},
    session::{Session, use_person, use_session},
};

/// What stands in place of the organisation's pages.
#[component]
pub(crate) fn Outside() -> impl IntoView {
    let (person, session) = (use_person().get_untracked(), use_session());
    let alone = person.viewer.memberships.is_empty();
    view! {
        <Title text="No organisation"/>
        <h1 class="sr-only">"No organisation"</h1>
        {if alone {
            view! {
                <Empty icon=icondata_lu::LuBuilding2 title="No organisation" text="You are signed in, and belong to no organisation. Ask an administrator for an invitation.">
                    <Button on_press=move |_| session.sign_out()>"Sign out"</Button>
                </Empty>
            }.into_any()
        } else {
            view! {
                <div class="narrow stack">
                    <Empty icon=icondata_lu::LuLockKeyhole title="Closed to this sign-in" text="You are a member, and what you signed in with does not do here. Below stands why."/>
                    <Card title="Organisations" flush=true><Memberships/></Card>
                </div>
            }.into_any()
        }}
    }
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
        Closed::OrganisationSuspended => "The platform operator has suspended it. Its administrators know more.",
        Closed::SecondFactorRequired => {
            "It wants a second factor. Set one up, or sign in again with the one that you have."
        }
        Closed::SignInAgain => "Your access with this sign-in was ended. Sign in again to go on.",
    }
}
