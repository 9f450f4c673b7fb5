//! What can be done about somebody, wherever they are shown: revoke the token, ban the viewer, block the address.

use leptos::prelude::*;

use super::{
    block::{Block, Reach},
    cases::{self, AddToCase},
    responses::{self, Suggest},
};
use crate::{
    api::{organisation::Package, people::Permission},
    kit::{Button, Look},
    pages::{
        lacking::{self, Lacking, use_lacking},
        tokens::{Ban, RevokeOne},
    },
    session::may,
};

/// The ways, as what opens their dialogs.
#[derive(Clone, Copy)]
pub(super) struct Ways {
    pub(super) revoke: RwSignal<Option<cynic::Id>>,
    pub(super) ban: RwSignal<Option<String>>,
    pub(super) block: super::block::Asked,
    /// What is to be put into a case.
    pub(super) case: cases::Asked,
    /// What a second person is to be asked.
    pub(super) suggest: responses::Asked,
    /// What was revoked here, so that it is shown as revoked before the views say so.
    pub(super) revoked: RwSignal<Vec<cynic::Id>>,
    /// Whether nobody can be blocked, for want of the package.
    no_rules: Signal<bool>,
}

impl Ways {
    pub(super) fn new() -> Self {
        Self {
            revoke: RwSignal::new(None),
            ban: RwSignal::new(None),
            block: RwSignal::new(None),
            case: RwSignal::new(None),
            suggest: RwSignal::new(None),
            revoked: RwSignal::new(Vec::new()),
            no_rules: use_lacking(Package::Guardian),
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
        <AddToCase asked=ways.case/>
        <Suggest asked=ways.suggest/>
    }
}

/// Says that nobody can be blocked here, to whom it would be offered otherwise.
#[component]
pub(super) fn NoRules(ways: Ways) -> impl IntoView {
    may(Permission::RuleWrite).then(|| {
        view! { <Lacking package=Package::Guardian when=ways.no_rules so="nobody can be blocked by address, network, country, site or player"/> }
    })
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
        let (lacking, reaches) = (lacking::barred(Package::Guardian, ways.no_rules), StoredValue::new(reaches));
        let barred = Signal::derive(move || barred.clone().or_else(|| lacking.get()));
        let is_barred = Signal::derive(move || barred.with(Option::is_some));
        view! {
            <Button look disabled=is_barred on_press=move |_| ways.block.set(Some(reaches.get_value())) attr:aria-label=name attr:title=move || barred.get()>"Block"</Button>
            {move || barred.get().map(|why| view! { <span class="sr-only">{why}</span> })}
        }
    })
}
