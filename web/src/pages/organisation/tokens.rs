//! Everybody's API tokens, and the organisation's API key.

use leptos::prelude::*;

use super::{ClosedToRole, Head};
use crate::{
    api::{
        api_tokens::{self, ApiToken, ApiTokenFilter, ApiTokenStatus},
        client::use_api,
        page::Page,
        people::Permission,
    },
    kit::{Button, Card, Choice, Choices, Confirm, Dialog, Doing, Load, Loaded, Look, ShownOnce, Skeleton, When},
    pages::api_tokens::{NewApiToken, Tokens},
    session::may,
};

/// The page.
#[component]
pub(crate) fn ApiTokens() -> impl IntoView {
    if !may(Permission::ApiTokenManage) {
        return view! { <Head part="API tokens" lead=""/><ClosedToRole/> }.into_any();
    }
    let (api, making) = (use_api(), RwSignal::new(false));
    let status = RwSignal::new(Some(ApiTokenStatus::Active));
    let filter = Signal::derive(move || ApiTokenFilter {
        status: status.get(),
        mine: None,
    });
    let load = Load::new(move || api_tokens::page(api, filter.get(), None));
    let options = vec![
        Choice::new(Some(ApiTokenStatus::Active), "Active"),
        Choice::new(Some(ApiTokenStatus::Revoked), "Revoked"),
        Choice::new(Some(ApiTokenStatus::Expired), "Expired"),
        Choice::new(None, "All"),
    ];
    view! {
        <Head part="API tokens" lead="What software acts with.">
            <Button look=Look::Primary icon=icondata_lu::LuPlus on_press=move |_| making.set(true)>"New API token"</Button>
        </Head>
        <ApiKey load/>
        <div class="filters">
            <Choices legend="Status" legend_hidden=true options chosen=status on_choose=move |one| status.set(one)/>
        </div>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Tokens load filter everybodys=true/>
        </Loaded>
        <NewApiToken open=making on_made=move |()| load.again()/>
    }
    .into_any()
}

/// The one key that belongs to the organisation itself.
#[component]
fn ApiKey(load: Load<Page<ApiToken>>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (asking, shown, secret) = (
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(None::<String>),
    );
    let keys = Load::new(move || api_tokens::api_key(api));
    let key = Memo::new(move |_| keys.value().get().flatten());
    // Before it is known whether there is one, nothing may end it without asking.
    let barred = Signal::derive(move || {
        let is_unknown = keys.value().with(Option::is_none);
        is_unknown.then(|| "Whether there is a key is not known yet.".to_owned())
    });
    let rotate = move |()| {
        doing.run(api_tokens::rotate_api_key(api), move |made| {
            asking.set(false);
            secret.set(made.secret);
            shown.set(true);
            keys.again();
            load.again();
        });
    };
    Effect::new(move |_| {
        if !shown.get() {
            secret.set(None); // seen once, and gone when the dialog is
        }
    });
    let press = move |_| {
        doing.forget();
        if key.with_untracked(Option::is_some) {
            asking.set(true);
        } else {
            rotate(());
        }
    };
    view! {
        <Card title="API key" acts=move || may(Permission::ApiKeyRotate).then(|| view! {
            <Button icon=icondata_lu::LuRotateCcwKey busy=doing.busy barred on_press=press>{move || if key.with(Option::is_some) { "Rotate" } else { "Make the API key" }}</Button>
        })>
            <p class="soft">"One per organisation, with the role nanoAdmin and without an end. It belongs to the organisation and outlives whoever made it."</p>
            {move || key.get().map(|key| view! {
                <p class="facts">
                    <span class="mono">{key.prefix}"…"</span>
                    <span class="soft">"Made "<When at=key.created_at/></span>
                    <span class="soft">{match key.last_used_at {
                        Some(at) => view! { "Last used "<When at/> }.into_any(),
                        None => view! { "Never used" }.into_any(),
                    }}</span>
                </p>
            })}
            <crate::kit::Trouble doing/>
        </Card>
        <Confirm open=asking title="Rotate the API key?" action="Rotate" busy=doing.busy failure=doing.failure on_confirm=rotate>
            <p>"The key in use ends now. Every program that uses it is refused until it has the new one: your backend makes no tokens, your scripts change nothing. Viewers who watch already are not touched."</p>
        </Confirm>
        <Dialog open=shown wide=true title="Copy the API key now">
            {move || secret.get().map(|secret| view! {
                <ShownOnce label="API key" secret warning="It is shown this once. Only a digest of it is kept." open=shown/>
            })}
        </Dialog>
    }
}
