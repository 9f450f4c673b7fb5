//! An invitation, seen by whoever holds its link.

use leptos::{ev::SubmitEvent, prelude::*};

use super::door::Door;
use crate::{
    api::{
        client::use_api,
        doors::{self, InvitationOffer},
        failure::Failure,
    },
    browser,
    kit::{Button, Doing, Empty, Load, Look, Notice, Skeleton, TextField, Tone, Trouble, When},
    session::{Session, Standing, use_session},
};

/// Kept for this tab only while its holder signs in; the address bar forgets it at once.
const KEPT: &str = "portcullis.invitation";

/// What is offered, and the way to take it.
#[component]
pub(crate) fn Invitation() -> impl IntoView {
    let (api, session) = (use_api(), use_session());
    let kept = move |given: String| {
        browser::keep_in_tab(KEPT, Some(&given));
        given
    };
    let secret = RwSignal::new(match browser::take_fragment() {
        given if given.is_empty() => browser::kept_in_tab(KEPT).unwrap_or_default(),
        given => kept(given),
    });
    browser::on_fragment(move |given| secret.set(kept(given)));
    let load = Load::new(move || {
        let secret = secret.get();
        async move {
            if secret.is_empty() {
                return Err(Failure::NotFound);
            }
            doors::offer(api, secret).await
        }
    });
    let standing = session.standing();
    view! {
        <Door title="Invitation">
            {move || {
                let known = !matches!(standing.get(), Standing::Unknown);
                match (load.value().get(), load.failure().get()) {
                    (Some(offer), _) if known => view! { <Offer offer secret=secret.get_untracked()/> }.into_any(),
                    (None, Some(Failure::NotFound | Failure::Forbidden)) => view! {
                        <Empty icon=icondata_lu::LuMailX title="This link does not work any more" text="The invitation was used or withdrawn, or it has expired. Ask whoever invited you for a new one."/>
                    }.into_any(),
                    (None, Some(failure)) => view! { <crate::kit::Failed failure asking=Signal::derive(move || load.is_asking()) on_again=move |()| load.again()/> }.into_any(),
                    _ => view! { <Skeleton lines=4/> }.into_any(),
                }
            }}
        </Door>
    }
}

#[component]
fn Offer(offer: InvitationOffer, secret: String) -> impl IntoView {
    let session = use_session();
    let here = session.standing().with_untracked(|standing| match standing {
        Standing::In(person) => person.viewer.email.clone(),
        _ => None,
    });
    let told = offer.clone();
    let way = match here {
        Some(here) if here.eq_ignore_ascii_case(&offer.email) && offer.has_account => {
            view! { <Join secret/> }.into_any()
        }
        // An identity provider alone vouches for them so far: here they choose a password like anybody who is new.
        Some(here) if here.eq_ignore_ascii_case(&offer.email) => {
            view! { <NewAccount secret email=offer.email.clone()/> }.into_any()
        }
        Some(here) => view! {
            <Notice tone=Tone::Warn>"You are signed in as "{here}". The invitation is for "{offer.email.clone()}": sign out, then open the link from the mail again."</Notice>
            <Button on_press=move |_| session.sign_out()>"Sign out"</Button>
        }
        .into_any(),
        None if offer.has_account => view! {
            <p>"There is an account with this address. Sign in with it first, then join."</p>
            <a class="btn btn-primary" href="/sign-in?next=/invitation">"Sign in"</a>
        }
        .into_any(),
        None => view! { <NewAccount secret email=offer.email.clone()/> }.into_any(),
    };
    view! {
        <div class="stack">
            <p>
                <strong>{told.organisation}</strong>" invites "<strong>{told.email}</strong>" as "<strong>{told.role.label()}</strong>"."
                <span class="soft under-line">{told.role.sentence()}" The link ends "<When at=told.expires_at/>"."</span>
            </p>
            {way}
        </div>
    }
}

#[component]
fn Join(secret: String) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let press = move |_| {
        doing.run(
            doors::accept_invitation(
                api,
                doors::AcceptInvitationInput {
                    secret: secret.clone(),
                    name: None,
                    password: None,
                },
            ),
            move |_| entered(),
        );
    };
    view! {
        <Trouble doing/>
        <Button look=Look::Primary busy=doing.busy on_press=press>"Join"</Button>
    }
}

#[component]
fn NewAccount(secret: String, email: String) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let email = RwSignal::new(email);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let name = name.get_untracked().trim().to_owned();
        let accepting = doors::accept_invitation(
            api,
            doors::AcceptInvitationInput {
                secret: secret.clone(),
                name: Some(name),
                password: Some(password.get_untracked()),
            },
        );
        doing.run(accepting, move |_| entered());
    };
    view! {
        <form on:submit=submit>
            <Trouble doing/>
            <input type="email" autocomplete="username" hidden=true readonly=true prop:value=email/>
            <TextField label="Your name" kind="text" value=name autocomplete="name" required=true autofocus=true/>
            <TextField label="Password" kind="password" value=password autocomplete="new-password" required=true hint="At least 10 characters."/>
            <Button look=Look::Primary submit=true busy=doing.busy>"Create account and join"</Button>
        </form>
    }
}

/// The newest membership is where one lands.
fn entered() {
    browser::keep_in_tab(KEPT, None);
    Session::start_afresh();
}
