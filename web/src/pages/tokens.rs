//! All playback tokens of the organisation.

use leptos::prelude::*;

use super::stream::TokenTable;
use crate::{
    api::{
        client::use_api,
        scalar::TokenStatus,
        tokens::{self, Wanted},
    },
    kit::{Choice, Choices, Load, Loaded, PageHead, Skeleton},
};

/// Their records, newest first.
#[component]
pub(crate) fn Tokens() -> impl IntoView {
    let api = use_api();
    let status = RwSignal::new(None::<TokenStatus>);
    let wanted = Signal::derive(move || Wanted {
        stream: None,
        status: status.get(),
    });
    let load = Load::new(move || tokens::page(api, wanted.get(), None));
    let options = vec![
        Choice::new(None, "All"),
        Choice::new(Some(TokenStatus::Active), "Active"),
        Choice::new(Some(TokenStatus::Revoked), "Revoked"),
        Choice::new(Some(TokenStatus::Expired), "Expired"),
    ];
    view! {
        <PageHead title="Tokens" lead="Every playback token made in this organisation. A token is made on its stream’s page."/>
        <div class="filters">
            <Choices legend="Status" legend_hidden=true options chosen=status on_choose=move |one| status.set(one)/>
        </div>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <TokenTable load wanted/>
        </Loaded>
    }
}
