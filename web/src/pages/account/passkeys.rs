//! Passkeys, as the second factor: a phone, a security key, or the computer itself.

use leptos::prelude::*;

use super::codes::by_password;
use crate::{
    api::{
        account::{self, Passkey, Security},
        client::use_api,
        failure::Failure,
    },
    kit::{Button, Card, Dialog, DialogForm, Doing, Load, Look, TextField, When, use_toasts},
    passkey,
    session::use_session,
};

/// The passkeys, and the way to add one.
#[component]
pub(super) fn Passkeys(load: Load<Security>) -> impl IntoView {
    let (api, session, toasts) = (use_api(), use_session(), use_toasts());
    let passkeys = Memo::new(move |_| {
        load.value().with(|now| {
            now.as_ref()
                .map(|now| now.second_factor.passkeys.clone())
                .unwrap_or_default()
        })
    });
    let (adding, removing) = (RwSignal::new(false), RwSignal::new(false));
    let asked = RwSignal::new(None::<Passkey>);
    let changed = move || {
        load.again();
        session.recheck();
    };
    let added = move |()| {
        adding.set(false);
        changed();
        toasts.good("The passkey is added.");
    };
    let removed = move || {
        removing.set(false);
        changed();
        toasts.good("The passkey is removed.");
    };
    let possible = passkey::is_possible();
    view! {
        <Card title="Passkeys" flush=true acts=move || possible.then(|| view! {
            <Button icon=icondata_lu::LuPlus on_press=move |_| adding.set(true)>"Add a passkey"</Button>
        })>
            {(!possible).then(|| view! { <p class="row-note soft">"This browser cannot make passkeys here. They need HTTPS, or localhost."</p> })}
            <Show when=move || !passkeys.with(Vec::is_empty) fallback=move || possible.then(|| view! {
                <p class="row-note soft">"None yet. A passkey is a second factor that cannot be given away by mistake: your phone, a security key, or this computer."</p>
            })>
                <ul class="rows">
                    <For each=move || passkeys.get() key=|one| one.id.clone() let:one>
                        <One passkey=one on_remove=move |one| { asked.set(Some(one)); removing.set(true); }/>
                    </For>
                </ul>
            </Show>
        </Card>
        <Dialog open=adding title="Add a passkey"><Add open=adding on_added=added/></Dialog>
        <Dialog open=removing title="Remove the passkey">
            {move || asked.get().map(|one| by_password(
                removing, "Remove", "It signs nobody in any more.",
                move |password| account::remove_passkey(api, account::RemovePasskeyInput { id: one.id.clone(), password }), move |_| removed(),
            ))}
        </Dialog>
    }
}

#[component]
fn One(passkey: Passkey, #[prop(into)] on_remove: Callback<Passkey>) -> impl IntoView {
    let name = format!("Remove {}", passkey.name);
    let kept = StoredValue::new(passkey.clone());
    view! {
        <li>
            <span class="row-main">
                <strong>{passkey.name}</strong>
                <span class="soft">"Added "<When at=passkey.created_at/>{passkey.last_used_at.map(|at| view! { ", used "<When at/> })}</span>
            </span>
            <Button look=Look::Quiet on_press=move |_| on_remove.run(kept.get_value()) attr:aria-label=name>"Remove"</Button>
        </li>
    }
}

#[component]
fn Add(open: RwSignal<bool>, #[prop(into)] on_added: Callback<()>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let name = RwSignal::new(String::new());
    let submit = move |()| {
        let name = name.get_untracked().trim().to_owned();
        let adding = async move {
            let begun = account::begin_passkey(api).await?;
            let (Some(options), Some(state)) = (begun.options, begun.state) else {
                return Err(Failure::Server);
            };
            let credential = passkey::create(&options).await?;
            account::add_passkey(
                api,
                account::AddPasskeyInput {
                    state,
                    credential,
                    name,
                },
            )
            .await
        };
        doing.run(adding, move |_| on_added.run(()));
    };
    view! {
        <DialogForm doing open action="Go on" on_submit=submit>
            <p>"Your browser asks which device shall keep it."</p>
            <TextField label="Name" value=name required=true placeholder="Work laptop" hint="So that you can tell your passkeys apart." autofocus=true/>
        </DialogForm>
    }
}
