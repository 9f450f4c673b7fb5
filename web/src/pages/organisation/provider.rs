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
    let (editing, removing) = (RwSignal::new(false), RwSignal::new(false));
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
                {move || load.value().get().map(|before| match (editing.get(), before) {
                    (true, before) => view! { <Form before load editing/> }.into_any(),
                    (false, Some(provider)) => view! { <Kept provider editing removing/> }.into_any(),
                    (false, None) => view! { <Nothing editing/> }.into_any(),
                })}
            </Loaded>
        </Card>
        <Confirm open=removing title="Remove the identity provider?" action="Remove" busy=doing.busy failure=doing.failure on_confirm=remove>
            <p>"Nobody can sign in by it any more. Who has a password here goes on with it; others ask for one by “Forgot password?”."</p>
        </Confirm>
    }
}

#[component]
fn Nothing(editing: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="stack">
            <p class="soft">"Let people sign in with the accounts that they have in your company: with any provider that speaks OpenID Connect. Who signs in so gets a role by their groups, in this organisation only."</p>
            {may(Permission::ProviderUpdate).then(|| view! {
                <div><Button on_press=move |_| editing.set(true)>"Set up a provider"</Button></div>
            })}
        </div>
    }
}

/// The provider as it is set, without its secret.
#[component]
fn Kept(provider: IdentityProvider, editing: RwSignal<bool>, removing: RwSignal<bool>) -> impl IntoView {
    let groups = |role: Role| {
        let of = provider.role_map.iter().filter(|one| one.role == role);
        of.map(|one| one.group.clone()).collect::<Vec<_>>().join(", ")
    };
    let mapped = Role::ALL.map(|role| (format!("Groups that are {}", role.label()), groups(role)));
    let rest = provider.default_role.map_or("Stays out", Role::label).to_owned();
    let mut facts = vec![
        ("Issuer".to_owned(), provider.issuer),
        ("Client ID".to_owned(), provider.client_id),
        ("Domains".to_owned(), provider.domains.join(", ")),
        (
            "Claim with the groups".to_owned(),
            provider.group_claim.unwrap_or_default(),
        ),
    ];
    facts.extend(mapped);
    facts.push(("Who is in none of these groups".to_owned(), rest));
    facts.retain(|(_, value)| !value.is_empty());
    view! {
        <div class="stack">
            <CopyField label="Redirect address, for the provider" value=provider.redirect_url/>
            <dl class="pairs">
                {facts.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
            </dl>
            {may(Permission::ProviderUpdate).then(|| view! {
                <div class="line">
                    <Button on_press=move |_| editing.set(true)>"Edit"</Button>
                    <Button look=Look::Quiet on_press=move |_| removing.set(true)>"Remove"</Button>
                </div>
            })}
        </div>
    }
}

#[component]
fn Form(
    before: Option<IdentityProvider>,
    load: Load<Option<IdentityProvider>>,
    editing: RwSignal<bool>,
) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let exists = before.is_some();
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
            editing.set(false);
            load.again();
            toasts.good("The identity provider is set.");
        });
    };
    let mut options = vec![Choice::new(None, "Stays out")];
    options.extend(Role::ALL.map(|role| Choice::new(Some(role), role.label())));
    view! {
        <form class="stack" on:submit=submit>
            <TextField label="Issuer" kind="url" value=issuer required=true placeholder="https://login.example.com"/>
            <TextField label="Client ID" value=client_id required=true/>
            <TextField label="Client secret" kind="password" value=secret required=!exists autocomplete="off" hint=if exists { "Left empty, the one that is kept stays. Another issuer or client needs its own." } else { "It is encrypted, and never shown again." }/>
            <TextField label="Domains" value=domains required=true placeholder="example.com" hint="Separated by commas. People with addresses of these domains are offered to sign in with it."/>
            <TextField label="Claim with the groups" value=claim placeholder="groups"/>
            {groups.map(|(role, names)| view! { <TextField label=format!("Groups that are {}", role.label()) value=names/> }).collect_view()}
            <Choices legend="Who is in none of these groups" options chosen=fallback on_choose=move |one| fallback.set(one)/>
            <Trouble doing/>
            {(!exists).then(|| view! { <p class="soft">"Once it is saved you see the redirect address that the provider has to know."</p> })}
            <div class="line">
                <Button look=Look::Primary submit=true busy=doing.busy>{if exists { "Save" } else { "Set up" }}</Button>
                <Button on_press=move |_| editing.set(false)>"Cancel"</Button>
            </div>
        </form>
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(',')
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}
