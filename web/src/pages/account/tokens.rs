//! One's own API tokens.

use leptos::prelude::*;

use super::Head;
use crate::{
    api::{
        api_tokens::{self, ApiTokenFilter},
        client::use_api,
    },
    kit::{Button, Empty, Load, Loaded, Look, Skeleton},
    pages::api_tokens::{NewApiToken, Tokens},
    session::use_person,
};

/// The page.
#[component]
pub(crate) fn AccountTokens() -> impl IntoView {
    if use_person().with_untracked(|person| person.organisation().is_none()) {
        return view! {
            <Head/>
            <Empty icon=icondata_lu::LuKeyRound title="No organisation" text="API tokens act in an organisation, and you are in none."/>
        }
        .into_any();
    }
    let (api, making) = (use_api(), RwSignal::new(false));
    let filter = Signal::stored(ApiTokenFilter {
        status: None,
        mine: Some(true),
    });
    let load = Load::new(move || api_tokens::page(api, filter.get(), None));
    view! {
        <Head/>
        <div class="filters">
            <p class="soft">"Programs act with them as you, in this organisation, with at most your role."</p>
            <div class="filters-count"><Button look=Look::Primary icon=icondata_lu::LuPlus on_press=move |_| making.set(true)>"New API token"</Button></div>
        </div>
        <Loaded load skeleton=|| view! { <Skeleton lines=4/> }>
            <Tokens load filter/>
        </Loaded>
        <NewApiToken open=making on_made=move |()| load.again()/>
    }
    .into_any()
}
