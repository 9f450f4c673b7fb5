//! API tokens: their records, Revoke, and a new one. Used for one's own and for everybody's.

use leptos::prelude::*;

use crate::{
    api::{
        api_tokens::{self, ApiToken, ApiTokenFilter, ApiTokenStatus, ViewerKind},
        client::use_api,
        page::Page,
        scalar::Role,
    },
    browser,
    kit::{
        Badge, Button, Choice, Choices, Confirm, CopyField, Dialog, DialogForm, Doing, Empty, Load, Look, More,
        ShownOnce, Table, TextField, Tone, When, nodes, use_toasts,
    },
    session::use_person,
};

const DAY_S: i32 = 86_400;
const LIFETIMES: [(i32, &str); 4] = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "365 days")];
const USUAL_DAYS: i32 = 30;

/// The records, and the way to revoke one.
#[component]
pub(super) fn Tokens(
    load: Load<Page<ApiToken>>,
    #[prop(into)] filter: Signal<ApiTokenFilter>,
    #[prop(optional)] everybodys: bool,
) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (asked, open) = (RwSignal::new(None::<ApiToken>), RwSignal::new(false));
    let all = nodes(load);
    let tokens = Memo::new(move |_| {
        let mut tokens = all.get();
        tokens.retain(|one| one.kind == ViewerKind::ApiToken);
        tokens
    });
    let ask = Callback::new(move |token: ApiToken| {
        doing.forget();
        asked.set(Some(token));
        open.set(true);
    });
    let revoke = move |()| {
        let Some(token) = asked.get_untracked() else { return };
        doing.run(
            api_tokens::revoke_api_token(api, api_tokens::RevokeApiTokenInput { id: token.id }),
            move |_| {
                open.set(false);
                load.again();
                toasts.good(format!("“{}” is revoked.", token.name));
            },
        );
    };
    let columns = vec!["Token", "Role", "Status", "Last used", "Expires", ""];
    view! {
        <Show when=move || !tokens.with(Vec::is_empty) fallback=|| view! {
            <Empty icon=icondata_lu::LuKeyRound title="No API tokens" text="An API token lets a program act with your role or a lesser one, for as long as you say."/>
        }>
            <Table caption="API tokens" columns=columns.clone()>
                <For each=move || tokens.get() key=|token| (token.id.clone(), format!("{:?}{:?}", token.status, token.last_used_at)) let:token>
                    <Row token ask everybodys/>
                </For>
            </Table>
            <More load ask=move |after| api_tokens::page(api, filter.get_untracked(), after)/>
        </Show>
        <Confirm open title="Revoke this API token?" action="Revoke" busy=doing.busy failure=doing.failure on_confirm=revoke>
            <p>"Programs that use it are refused from now on. This cannot be undone."</p>
            {move || asked.get().map(|token| view! { <p class="soft">{token.name}</p> })}
        </Confirm>
    }
}

#[component]
fn Row(token: ApiToken, ask: Callback<ApiToken>, everybodys: bool) -> impl IntoView {
    let (tone, word) = match token.status {
        ApiTokenStatus::Active => (Tone::Good, "Active"),
        ApiTokenStatus::Revoked => (Tone::Bad, "Revoked"),
        ApiTokenStatus::Expired => (Tone::Calm, "Expired"),
    };
    let kept = StoredValue::new(token.clone());
    let by = token.created_by.filter(|_| everybodys).map(|by| by.name);
    let revoke_name = format!("Revoke {}", token.name);
    view! {
        <tr>
            <th scope="row">
                {token.name}
                <span class="under"><span class="mono">{token.prefix}"…"</span>{by.map(|by| format!(" · {by}"))}</span>
            </th>
            <td data-label="Role">{token.role.label()}</td>
            <td data-label="Status"><Badge tone text=word/></td>
            <td data-label="Last used" class="soft">
                {match token.last_used_at {
                    Some(at) => view! { <span><When at/>{token.last_used_address.map(|address| view! { <span class="mono under">{address}</span> })}</span> }.into_any(),
                    None => view! { "Never" }.into_any(),
                }}
            </td>
            <td data-label="Expires" class="soft">{token.expires_at.map(|at| view! { <When at/> })}</td>
            <td class="acts">
                {(token.status == ApiTokenStatus::Active).then(|| view! {
                    <Button look=Look::Quiet on_press=move |_| ask.run(kept.get_value()) attr:aria-label=revoke_name>"Revoke"</Button>
                })}
            </td>
        </tr>
    }
}

/// The dialog: first what it is for, then the secret, once.
#[component]
pub(super) fn NewApiToken(open: RwSignal<bool>, #[prop(into)] on_made: Callback<()>) -> impl IntoView {
    let secret = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        open.track();
        secret.set(None); // seen once, and gone when the dialog is
    });
    let title = Signal::derive(move || {
        if secret.with(Option::is_some) {
            "Copy the API token now"
        } else {
            "New API token"
        }
        .to_owned()
    });
    let made = Callback::new(move |new: String| {
        on_made.run(());
        secret.set(Some(new));
    });
    view! {
        <Dialog open title wide=true>
            {move || match secret.get() {
                None => view! { <Form open made/> }.into_any(),
                Some(secret) => {
                    let example = format!(
                        "curl -H 'Authorization: Bearer {secret}' -H 'Content-Type: application/json' \\\n  -d '{{\"query\":\"{{ viewer {{ name role }} }}\"}}' {}/graphql",
                        browser::origin(),
                    );
                    view! {
                        <ShownOnce label="API token" secret warning="It is shown this once. Only a digest of it is kept." open>
                            <details class="more-ways">
                                <summary>"Try it"</summary>
                                <CopyField label="Command" value=example lines=true/>
                            </details>
                        </ShownOnce>
                    }.into_any()
                }
            }}
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, made: Callback<String>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let roles = use_person().with_untracked(crate::session::Person::roles_up_to_own);
    let usual = if roles.contains(&Role::User) {
        Role::User
    } else {
        Role::ReadOnly
    };
    let (name, role, days) = (
        RwSignal::new(String::new()),
        RwSignal::new(usual),
        RwSignal::new(USUAL_DAYS),
    );
    let submit = move |()| {
        let ttl_s = days.get_untracked() * DAY_S;
        let name = name.get_untracked().trim().to_owned();
        let making = api_tokens::create_api_token(
            api,
            api_tokens::CreateApiTokenInput {
                name,
                role: role.get_untracked(),
                ttl_seconds: Some(ttl_s),
            },
        );
        doing.run(making, move |answer| made.run(answer.secret.unwrap_or_default()));
    };
    let options = roles.into_iter().map(|one| Choice::new(one, one.label())).collect();
    view! {
        <DialogForm doing open action="Make token" on_submit=submit>
            <TextField label="Name" value=name required=true placeholder="billing-backend" hint="What will use it, so that it can be told apart later." autofocus=true/>
            <div class="field">
                <Choices legend="Role" options chosen=role on_choose=move |one| role.set(one)/>
                <p class="field-hint" role="status">{move || role.get().sentence()}</p>
            </div>
            <Choices
                legend="Valid for"
                options=LIFETIMES.map(|(days, label)| Choice::new(days, label)).to_vec()
                chosen=days on_choose=move |one| days.set(one)
            />
        </DialogForm>
    }
}
