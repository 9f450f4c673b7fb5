//! Passkeys, as the second factor: a phone, a security key, or the computer itself.

use leptos::prelude::*;

use super::codes::{RecoveryCodes, by_password};
use crate::{
    api::{
        account::{self, Passkey, Security},
        client::use_api,
        failure::Failure,
    },
    browser,
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
                .and_then(|now| now.second_factor.as_ref())
                .map(|factor| factor.passkeys.clone())
                .unwrap_or_default()
        })
    });
    let (adding, removing, renaming, shown) = (
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
    );
    let codes = RwSignal::new(Vec::<String>::new());
    let asked = RwSignal::new(None::<Passkey>);
    let changed = move || {
        load.again();
        session.recheck();
    };
    let added = move |new: Option<Vec<String>>| {
        adding.set(false);
        load.again();
        match new {
            Some(new) => {
                codes.set(new);
                shown.set(true);
            }
            None => toasts.good("The passkey is added."),
        }
    };
    let renamed = move |()| {
        renaming.set(false);
        changed();
        toasts.good("The passkey is renamed.");
    };
    let removed = move || {
        removing.set(false);
        changed();
        toasts.good("The passkey is removed.");
    };
    let origin = load
        .value()
        .with_untracked(|now| now.as_ref()?.second_factor.as_ref()?.passkey_origin.clone());
    let possible = passkey::is_possible() && origin.as_ref().is_some_and(|origin| browser::origin() == *origin);
    let elsewhere = origin.map_or_else(
        || "This installation has no name that passkeys could be bound to.".to_owned(),
        |origin| format!("Passkeys are made and used at {origin} only."),
    );
    view! {
        <Card title="Passkeys" flush=true acts=move || possible.then(|| view! {
            <Button icon=icondata_lu::LuPlus on_press=move |_| adding.set(true)>"Add a passkey"</Button>
        })>
            {(!possible).then(|| view! { <p class="row-note soft">{elsewhere}</p> })}
            <Show when=move || !passkeys.with(Vec::is_empty) fallback=move || possible.then(|| view! {
                <p class="row-note soft">"None yet. A passkey is a second factor that cannot be given away by mistake: your phone, a security key, or this computer."</p>
            })>
                <ul class="rows">
                    <For each=move || passkeys.get() key=|one| (one.id.clone(), one.name.clone()) let:one>
                        <One
                            passkey=one
                            on_rename=move |one| { asked.set(Some(one)); renaming.set(true); }
                            on_remove=move |one| { asked.set(Some(one)); removing.set(true); }
                        />
                    </For>
                </ul>
            </Show>
        </Card>
        <Dialog open=adding title="Add a passkey"><Add open=adding on_added=added/></Dialog>
        <Dialog open=renaming title="Rename the passkey">
            {move || asked.get().map(|passkey| view! { <Rename open=renaming passkey on_renamed=renamed/> })}
        </Dialog>
        <Dialog open=removing title="Remove the passkey">
            {move || asked.get().map(|one| by_password(
                removing, "Remove", "It signs nobody in any more.",
                move |password| account::remove_passkey(api, account::RemovePasskeyInput { id: one.id.clone(), password }), move |_| removed(),
            ))}
        </Dialog>
        <RecoveryCodes open=shown codes/>
    }
}

#[component]
fn One(
    passkey: Passkey,
    #[prop(into)] on_rename: Callback<Passkey>,
    #[prop(into)] on_remove: Callback<Passkey>,
) -> impl IntoView {
    let (rename, remove) = (format!("Rename {}", passkey.name), format!("Remove {}", passkey.name));
    let kept = StoredValue::new(passkey.clone());
    view! {
        <li>
            <span class="row-main">
                <strong>{passkey.name}</strong>
                <span class="soft">"Added "<When at=passkey.created_at/>{passkey.last_used_at.map(|at| view! { ", used "<When at/> })}</span>
            </span>
            <span class="row-acts">
                <Button look=Look::Quiet on_press=move |_| on_rename.run(kept.get_value()) attr:aria-label=rename>"Rename"</Button>
                <Button look=Look::Quiet on_press=move |_| on_remove.run(kept.get_value()) attr:aria-label=remove>"Remove"</Button>
            </span>
        </li>
    }
}

#[component]
fn Rename(open: RwSignal<bool>, passkey: Passkey, #[prop(into)] on_renamed: Callback<()>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (id, name) = (passkey.id, RwSignal::new(passkey.name));
    let submit = move |()| {
        let (id, name) = (id.clone(), name.get_untracked().trim().to_owned());
        doing.run(
            account::rename_passkey(api, account::RenamePasskeyInput { id, name }),
            move |_| on_renamed.run(()),
        );
    };
    view! {
        <DialogForm doing open action="Rename" on_submit=submit>
            <TextField label="Name" value=name required=true autofocus=true/>
        </DialogForm>
    }
}

#[component]
fn Add(open: RwSignal<bool>, #[prop(into)] on_added: Callback<Option<Vec<String>>>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = move |()| {
        let name = name.get_untracked().trim().to_owned();
        let password = Some(password.get_untracked());
        let adding = async move {
            let begun = account::begin_passkey(api, account::BeginPasskeyInput { password }).await?;
            let account::Ceremony { options, state } = begun.ceremony.ok_or(Failure::Server)?;
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
        doing.run(adding, move |made| on_added.run(made.recovery_codes));
    };
    view! {
        <DialogForm doing open action="Go on" on_submit=submit>
            <p>"Your browser asks which device shall keep it. A first second factor ends your other sign-ins."</p>
            <TextField label="Name" value=name required=true placeholder="Work laptop" hint="So that you can tell your passkeys apart." autofocus=true/>
            <TextField label="Password" kind="password" value=password autocomplete="current-password" required=true/>
        </DialogForm>
    }
}
