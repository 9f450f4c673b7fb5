//! What happens: at the doors, and to the policy that they follow.

mod changes;
mod doors;

pub(super) use self::changes::told_ms;
pub(crate) use self::{changes::Changes, doors::Activity};

use leptos::prelude::*;

use crate::{
    api::people::Permission,
    kit::{PageHead, Tabs},
    session::may,
};

/// Head and tabs of each of the pages.
#[component]
fn Head(part: &'static str, lead: &'static str, #[prop(into, optional)] acts: ViewFn) -> impl IntoView {
    view! {
        <PageHead title="Activity" tab=part lead>{acts.run()}</PageHead>
        <Parts/>
    }
}

/// The ways between what goes on: at a glance, at the doors, and to the policy.
#[component]
pub(super) fn Parts() -> impl IntoView {
    let mut tabs = vec![
        ("/overview", "Overview"),
        ("/overview/quality", "Playback quality"),
        ("/alerts", "Alerts"),
        ("/activity", "At the doors"),
    ];
    if may(Permission::ChangeRead) {
        tabs.push(("/activity/changes", "Changes"));
    }
    view! { <Tabs label="Parts of what goes on" tabs/> }
}
