//! What can be done about somebody, wherever they are shown: revoke the token, ban the viewer, block the address.

use leptos::prelude::*;

use super::block::{Block, Reach};
use crate::{
    api::people::Permission,
    kit::{Button, Look},
    pages::tokens::{Ban, RevokeOne},
    session::may,
};

/// The ways, as what opens their dialogs.
#[derive(Clone, Copy)]
pub(super) struct Ways {
    pub(super) revoke: RwSignal<Option<cynic::Id>>,
    pub(super) ban: RwSignal<Option<String>>,
    pub(super) block: super::block::Asked,
    /// What was revoked here, so that it is shown as revoked before the views say so.
    pub(super) revoked: RwSignal<Vec<cynic::Id>>,
}

impl Ways {
    pub(super) fn new() -> Self {
        Self {
            revoke: RwSignal::new(None),
            ban: RwSignal::new(None),
            block: RwSignal::new(None),
            revoked: RwSignal::new(Vec::new()),
        }
    }
}

/// The dialogs of all ways. `on_done` is called after each.
#[component]
pub(super) fn Dialogs(ways: Ways, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let revoked = move |jti| {
        ways.revoked.update(|all| all.push(jti));
        on_done.run(());
    };
    view! {
        <RevokeOne asked=ways.revoke on_revoked=revoked/>
        <Ban asked=ways.ban on_banned=on_done/>
        <Block asked=ways.block on_blocked=on_done/>
    }
}

/// The button that revokes a token; where it would do nothing, it cannot be pressed and says why.
#[component]
pub(super) fn Revoke(
    ways: Ways,
    jti: cynic::Id,
    #[prop(optional_no_strip)] barred: Option<String>,
    #[prop(default = Look::Quiet)] look: Look,
) -> impl IntoView {
    may(Permission::TokenRevoke).then(|| {
        let name = format!("Revoke {}", jti.inner());
        let (is_barred, jti) = (barred.is_some(), StoredValue::new(jti));
        view! {
            <Button look disabled=is_barred on_press=move |_| ways.revoke.set(Some(jti.get_value())) attr:aria-label=name attr:title=barred.clone()>"Revoke"</Button>
            {barred.map(|why| view! { <span class="sr-only">{why}</span> })}
        }
    })
}

/// The button that keeps somebody out. `barred`: why it would do nothing.
#[component]
pub(super) fn BlockButton(
    ways: Ways,
    reaches: Vec<Reach>,
    #[prop(optional_no_strip)] barred: Option<String>,
    #[prop(default = Look::Quiet)] look: Look,
) -> impl IntoView {
    may(Permission::RuleWrite).then(|| {
        let label = reaches.first().map(|one| one.label.clone()).unwrap_or_default();
        let name = format!("Block {label}");
        let (is_barred, reaches) = (barred.is_some(), StoredValue::new(reaches));
        view! {
            <Button look disabled=is_barred on_press=move |_| ways.block.set(Some(reaches.get_value())) attr:aria-label=name attr:title=barred.clone()>"Block"</Button>
            {barred.map(|why| view! { <span class="sr-only">{why}</span> })}
        }
    })
}
