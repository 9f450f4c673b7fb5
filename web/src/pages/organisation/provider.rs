//! The identity provider that people of the organisation's domains sign in with.

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{
        client::use_api,
        people::Permission,
        provider::{self, IdentityProvider, RoleMappingInput},
        scalar::Role,
    },
    kit::{
        Button, Card, Choice, Choices, Confirm, CopyField, Doing, Load, Loaded, Look, Skeleton, TextField, Trouble,
        use_toasts,
    },
    session::may,
};

/// The card: the form, and the way to take the provider away.
#[component]
pub(super) fn Provider() -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let load = Load::new(move || provider::identity_provider(api));
    let removing = RwSignal::new(false);
    let remove = move |()| {
        doing.run(provider::remove_identity_provider(api), move |_| {
            removing.set(false);
            load.again();
            toasts.good("The identity provider is removed.");
        });
    };
    view! {
        <Card title="Identity provider">
            <Loaded load skeleton=|| view! { <Skeleton lines=4/> }>
                {move || load.value().get().map(|before| view! { <Form before load removing/> })}
            </Loaded>
        </Card>
        <Confirm open=removing title="Remove the identity provider?" action="Remove" busy=doing.busy failure=doing.failure on_confirm=remove>
            <p>"Nobody can sign in by it any more. Who has a password here goes on with it; others ask for one by “Forgot password?”."</p>
        </Confirm>
    }
}

#[component]
fn Form(
    before: Option<IdentityProvider>,
    load: Load<Option<IdentityProvider>>,
    removing: RwSignal<bool>,
) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let exists = before.is_some();
    let redirect = before.as_ref().map(|one| one.redirect_url.clone());
    let of = |read: fn(&IdentityProvider) -> String| RwSignal::new(before.as_ref().map(read).unwrap_or_default());
    let issuer = of(|one| one.issuer.clone());
    let client_id = of(|one| one.client_id.clone());
    let domains = of(|one| one.domains.join(", "));
    let claim = of(|one| one.group_claim.clone().unwrap_or_default());
    let groups = Role::ALL.map(|role| {
        let named = before.iter().flat_map(|one| &one.role_map);
        let named: Vec<_> = named
            .filter(|one| one.role == role)
            .map(|one| one.group.clone())
            .collect();
        (role, RwSignal::new(named.join(", ")))
    });
    let fallback = RwSignal::new(before.as_ref().and_then(|one| one.default_role));
    let secret = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let role_map = groups.iter().flat_map(|(role, names)| {
            let role = *role;
            words(&names.get_untracked())
                .into_iter()
                .map(move |group| RoleMappingInput { group, role })
        });
        let setting = provider::set_identity_provider(
            api,
            provider::SetIdentityProviderInput {
                issuer: issuer.get_untracked().trim().to_owned(),
                client_id: client_id.get_untracked().trim().to_owned(),
                client_secret: Some(secret.get_untracked()).filter(|secret| !secret.is_empty()),
                domains: words(&domains.get_untracked()),
                group_claim: Some(claim.get_untracked().trim().to_owned()).filter(|claim| !claim.is_empty()),
                role_map: Some(role_map.collect()),
                default_role: fallback.get_untracked(),
            },
        );
        doing.run(setting, move |_| {
            load.again();
            toasts.good("The identity provider is set.");
        });
    };
    let mut options = vec![Choice::new(None, "Stays out")];
    options.extend(Role::ALL.map(|role| Choice::new(Some(role), role.label())));
    let may_update = may(Permission::ProviderUpdate);
    view! {
        <form class="stack" on:submit=submit>
            <p class="soft">"People whose address is of one of the domains are offered to sign in with it (OpenID Connect)."</p>
            {redirect.map(|url| view! { <CopyField label="Redirect URL, for the provider" value=url/> })}
            <TextField label="Issuer" kind="url" value=issuer required=true placeholder="https://login.example.com"/>
            <TextField label="Client ID" value=client_id required=true/>
            <TextField label="Client secret" kind="password" value=secret required=!exists autocomplete="off" hint=if exists { "Left empty, the one that is kept stays." } else { "It is encrypted, and never shown again." }/>
            <TextField label="Domains" value=domains required=true placeholder="example.com" hint="Separated by commas."/>
            <TextField label="Claim with the groups" value=claim placeholder="groups"/>
            {groups.map(|(role, names)| view! { <TextField label=format!("Groups that are {}", role.label()) value=names/> }).collect_view()}
            <Choices legend="Who is in none of these groups" options chosen=fallback on_choose=move |one| fallback.set(one)/>
            <Trouble doing/>
            {may_update.then(|| view! {
                <div class="line">
                    <Button look=Look::Primary submit=true busy=doing.busy>{if exists { "Save" } else { "Set up" }}</Button>
                    {exists.then(|| view! { <Button on_press=move |_| removing.set(true)>"Remove"</Button> })}
                </div>
            })}
        </form>
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(',')
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}
