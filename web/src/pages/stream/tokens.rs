//! The tokens that open one stream.

use leptos::prelude::*;

use super::token_new::NewToken;
use crate::{
    api::{
        client::use_api,
        organisation::Package,
        people::Permission,
        scalar::TokenStatus,
        tokens::{self, Token, Wanted},
    },
    kit::{Button, Card, Empty, Icon, Load, Loaded, Menu, MenuItem, Skeleton},
    pages::{
        lacking::{Lacking, barred, use_lacking},
        tokens::{Bulk, By, NarrowFilters, TokenTable},
    },
    session::may,
};

/// Their records, and the ways to new ones, for whom they are.
#[component]
pub(super) fn StreamTokens(name: String) -> impl IntoView {
    let lacking = use_lacking(Package::Secure);
    let told = move || view! { <Lacking package=Package::Secure when=lacking so="playback is open, and tokens cannot be made"/> };
    if !may(Permission::TokenRead) {
        return view! {
            <Card title="Tokens" flush=true>
                {told()}
                <Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="Token records are for nanoUser and nanoAdmin. You can watch the stream on this page."/>
            </Card>
        }
        .into_any();
    }
    let (api, barred) = (use_api(), barred(Package::Secure, lacking));
    let name = StoredValue::new(name);
    let (text, status) = (RwSignal::new(String::new()), RwSignal::new(None::<TokenStatus>));
    let wanted = Signal::derive(move || Wanted {
        text: Some(text.get()).filter(|text| !text.is_empty()),
        status: status.get(),
        stream: Some(name.get_value()),
        ..Wanted::default()
    });
    let load = Load::new(move || tokens::page(api, wanted.get(), None));
    let (making, bulk) = (RwSignal::new(false), RwSignal::new(None));
    let made = move |token: Token| {
        load.value().update(|page| {
            if let Some(page) = page {
                page.nodes.insert(0, token);
                page.total += 1;
            }
        });
    };
    // Filters where there is something to filter.
    let some = Memo::new(move |_| {
        let many = load
            .value()
            .with(|page| page.as_ref().is_some_and(|page| page.total > 0));
        many || text.with(|text| !text.is_empty()) || status.with(Option::is_some)
    });
    view! {
        <Card title="Tokens" flush=true acts=move || view! {
            {may(Permission::TokenCreate).then(|| view! {
                <Button icon=icondata_lu::LuPlus barred on_press=move |_| making.set(true)>"New token"</Button>
            })}
            {may(Permission::TokenRevokeBulk).then(|| view! {
                <Menu label="More about tokens" button=|| view! { <Icon of=icondata_lu::LuEllipsis/> }>
                    <MenuItem icon=icondata_lu::LuScissors danger=true on_choose=move |()| bulk.set(Some((By::Stream, name.get_value())))>"Revoke all for this stream"</MenuItem>
                </Menu>
            })}
        }>
            {told()}
            <Show when=move || some.get()><NarrowFilters text status/></Show>
            <Loaded load skeleton=|| view! { <Skeleton lines=3/> }>
                <TokenTable load wanted bulk narrow=true/>
            </Loaded>
        </Card>
        <NewToken open=making name=name.get_value() on_made=made/>
        <Bulk asked=bulk on_revoked=move |()| load.again()/>
    }
    .into_any()
}
