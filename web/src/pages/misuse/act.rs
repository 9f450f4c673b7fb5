//! What can be done about somebody, wherever they are shown: revoke the token, ban the viewer, block the address, end their
//! sessions.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{
    block::{Block, Reach},
    cases::{self, AddToCase},
    responses::{self, Suggest},
};
use crate::{
    api::{
        client::use_api,
        misuse::{self, Whose},
        organisation::Package,
        people::Permission,
        sessions::Session,
    },
    kit::{Button, Look, gathered, use_toasts},
    pages::{
        lacking::{self, Lacking, use_lacking},
        stream::EndSession,
        tokens::{Ban, RevokeOne},
    },
    session::may,
    time,
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
    /// Whose sessions are to be ended.
    pub(super) end: RwSignal<Vec<Session>>,
    /// How often sessions were ended here.
    pub(super) ended: RwSignal<u32>,
    /// How often somebody was banned here.
    pub(super) banned: RwSignal<u32>,
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
            end: RwSignal::new(Vec::new()),
            ended: RwSignal::new(0),
            banned: RwSignal::new(0),
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
    let banned = move |()| {
        ways.banned.update(|times| *times += 1);
        on_done.run(());
    };
    let ended = gathered(RECORDED, move || {
        ways.ended.update(|times| *times += 1);
        on_done.run(());
    });
    view! {
        <RevokeOne asked=ways.revoke on_revoked=revoked/>
        <Ban asked=ways.ban on_banned=banned/>
        <Block asked=ways.block on_blocked=on_done/>
        <EndSession asked=ways.end on_ended=move |()| ended()/>
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
        let (why, jti) = (Signal::stored(barred.clone()), StoredValue::new(jti));
        view! {
            <Button look barred=why on_press=move |_| ways.revoke.set(Some(jti.get_value())) attr:aria-label=name>"Revoke"</Button>
            {barred.map(|why| view! { <span class="sr-only">{why}</span> })}
        }
    })
}

/// The button that bans a viewer.
#[component]
pub(super) fn BanButton(ways: Ways, user: String, #[prop(default = Look::Quiet)] look: Look) -> impl IntoView {
    may(Permission::ViewerBan).then(|| {
        let (name, user) = (format!("Ban {user}"), StoredValue::new(user));
        view! { <Button look on_press=move |_| ways.ban.set(Some(user.get_value())) attr:aria-label=name>"Ban"</Button> }
    })
}

/// The button that ends the sessions of somebody that go on: those that do once it is pressed. There is none where none did.
#[component]
pub(super) fn EndButton(ways: Ways, whose: Whose, running: i32, name: String) -> impl IntoView {
    let whose = StoredValue::new(whose);
    (running > 0 && may(Permission::SessionEnd)).then(move || {
        let (api, toasts, busy) = (use_api(), use_toasts(), RwSignal::new(false));
        let label = format!("End {} of {name}", time::count(running, "session", "sessions"));
        let press = move |_| {
            busy.set(true);
            spawn_local(async move {
                let found = misuse::running(api, whose.get_value()).await;
                // The page is gone.
                if busy.try_set(false).is_some() {
                    return;
                }
                match found {
                    Ok(sessions) if sessions.is_empty() => toasts.good("They have left: no session goes on."),
                    Ok(sessions) => ways.end.set(sessions),
                    Err(why) => toasts.bad(why.to_string()),
                }
            });
        };
        view! { <Button busy on_press=press attr:aria-label=label>"End"</Button> }
    })
}

/// The button that keeps somebody out. `barred`: why it would do nothing; `text`: what stands on it.
#[component]
pub(super) fn BlockButton(
    ways: Ways,
    reaches: Vec<Reach>,
    #[prop(optional_no_strip)] barred: Option<String>,
    #[prop(default = Look::Quiet)] look: Look,
    #[prop(into, default = "Block".to_owned())] text: String,
) -> impl IntoView {
    may(Permission::RuleWrite).then(|| {
        let label = reaches.first().map(|one| one.label.clone()).unwrap_or_default();
        let name = format!("Block {label}");
        let (lacking, reaches) = (lacking::barred(Package::Guardian, ways.no_rules), StoredValue::new(reaches));
        let barred = Signal::derive(move || barred.clone().or_else(|| lacking.get()));
        view! {
            <Button look barred on_press=move |_| ways.block.set(Some(reaches.get_value())) attr:aria-label=name>{text}</Button>
            {move || barred.get().map(|why| view! { <span class="sr-only">{why}</span> })}
        }
    })
}

/// What nodes tell of an end is in the tables by then.
const RECORDED: Duration = Duration::from_secs(1);
