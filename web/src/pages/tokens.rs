//! All playback tokens of the organisation.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::stream::TokenTable;
use crate::{
    api::{
        client::use_api,
        people::Permission,
        scalar::TokenStatus,
        tokens::{self, Wanted},
    },
    kit::{Choice, Choices, Empty, Icon, Load, Loaded, PageHead, Skeleton},
    session::may,
};

/// Their records, newest first.
#[component]
pub(crate) fn Tokens() -> impl IntoView {
    view! {
        <PageHead title="Tokens" lead="Every playback token made in this organisation. A token is made on its stream’s page."/>
        {if may(Permission::TokenRead) {
            view! { <Records/> }.into_any()
        } else {
            view! { <Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="Token records are for nanoUser and nanoAdmin. Ask an administrator of your organisation."/> }.into_any()
        }}
    }
}

#[component]
fn Records() -> impl IntoView {
    let api = use_api();
    let status = RwSignal::new(None::<TokenStatus>);
    let query = use_query_map();
    let jti = Memo::new(move |_| query.with(|query| query.get("jti")).filter(|jti| !jti.is_empty()));
    let wanted = Signal::derive(move || Wanted {
        stream: None,
        status: status.get(),
        jti: jti.get(),
    });
    let load = Load::new(move || tokens::page(api, wanted.get(), None));
    let options = StoredValue::new(vec![
        Choice::new(None, "All"),
        Choice::new(Some(TokenStatus::Active), "Active"),
        Choice::new(Some(TokenStatus::Revoked), "Revoked"),
        Choice::new(Some(TokenStatus::Expired), "Expired"),
    ]);
    view! {
        <div class="filters">
            {move || match jti.get() {
                Some(_) => view! { <a class="btn" href="/tokens" title="Show all tokens"><Icon of=icondata_lu::LuX/><span>"One token only"</span></a> }.into_any(),
                None => view! {
                    <Choices legend="Status" legend_hidden=true options=options.get_value() chosen=status on_choose=move |one| status.set(one)/>
                }.into_any(),
            }}
        </div>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <TokenTable load wanted/>
        </Loaded>
    }
}
