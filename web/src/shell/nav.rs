//! The way to the pages: at the side where there is room, at the bottom where there is not.

use icondata_core::Icon as Drawing;
use leptos::prelude::*;
use leptos_router::components::A;

use crate::{
    api::people::Permission,
    kit::Icon,
    pages::is_misuse_open,
    session::{may, use_person},
};

/// The pages that the person's role can open.
#[component]
pub(crate) fn Nav() -> impl IntoView {
    let (inside, operator) =
        use_person().with_untracked(|person| (person.organisation().is_some(), person.viewer.operator));
    let records = inside && may(Permission::TokenRead);
    let rules = inside && may(Permission::RuleRead);
    let misuse = inside && is_misuse_open();
    view! {
        <nav class="nav" aria-label="Main">
            <ul>
                {inside.then(|| view! { <Place to="/overview" icon=icondata_lu::LuGauge label="Overview"/> })}
                {inside.then(|| view! { <Place to="/streams" icon=icondata_lu::LuRadioTower label="Streams"/> })}
                {records.then(|| view! { <Place to="/tokens" icon=icondata_lu::LuTicket label="Tokens"/> })}
                {rules.then(|| view! { <Place to="/guardian" icon=icondata_lu::LuShield label="Guardian"/> })}
                {misuse.then(|| view! { <Place to="/misuse" icon=icondata_lu::LuSiren label="Misuse"/> })}
                {inside.then(|| view! {
                    <Place to="/alerts" icon=icondata_lu::LuBell label="Alerts" near=true/>
                    <Place to="/activity" icon=icondata_lu::LuActivity label="Activity" near=true/>
                    <Place to="/organisation" icon=icondata_lu::LuBuilding2 label="Organisation"/>
                })}
                {operator.then(|| view! { <Place to="/platform" icon=icondata_lu::LuServer label="Platform"/> })}
                <Place to="/account" icon=icondata_lu::LuCircleUser label="Account"/>
            </ul>
        </nav>
    }
}

/// `near`: another page leads there too, so that it gives way where there is little room.
#[component]
fn Place(to: &'static str, icon: Drawing, label: &'static str, #[prop(optional)] near: bool) -> impl IntoView {
    view! { <li class:nav-near=near><A href=to><Icon of=icon/><span>{label}</span></A></li> }
}
