//! A new organisation, and the invitation of its first nanoAdmin.

use leptos::prelude::*;

use crate::{
    api::{client::use_api, organisation::Package, platform},
    kit::{DialogForm, Doing, Switch, TextField, use_toasts},
};

/// The form of the dialog.
#[component]
pub(super) fn Create(open: RwSignal<bool>, #[prop(into)] on_made: Callback<()>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (name, email) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let packages = Package::ALL.map(|package| {
        (
            package,
            RwSignal::new(matches!(package, Package::Live | Package::Secure)),
        )
    });
    let submit = move |()| {
        let chosen = packages
            .iter()
            .filter(|(_, on)| on.get_untracked())
            .map(|(package, _)| *package);
        let email = email.get_untracked().trim().to_owned();
        let making = platform::create_organisation(
            api,
            platform::CreateOrganisationInput {
                name: name.get_untracked().trim().to_owned(),
                admin_email: email.clone(),
                packages: Some(chosen.collect()),
            },
        );
        doing.run(making, move |_| {
            open.set(false);
            on_made.run(());
            toasts.good(format!("The organisation exists, and {email} is invited."));
        });
    };
    view! {
        <DialogForm doing open action="Create organisation" on_submit=submit>
            <TextField label="Name" value=name required=true autofocus=true/>
            <TextField label="Email of the first administrator" kind="email" value=email required=true hint="They are invited as nanoAdmin."/>
            <fieldset class="stack">
                <legend class="legend">"Packages"</legend>
                {packages.map(|(package, on)| view! { <Switch label=package.label() value=on hint=package.sentence()/> }).collect_view()}
            </fieldset>
        </DialogForm>
    }
}
