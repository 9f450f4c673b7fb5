//! The way to the pages: at the side where there is room, at the bottom where there is not.

use icondata_core::Icon as Drawing;
use leptos::prelude::*;
use leptos_router::components::A;

use crate::{
    api::people::Permission,
    kit::Icon,
    session::{may, use_person},
};

/// The pages that the person's role can open.
#[component]
pub(crate) fn Nav() -> impl IntoView {
    let (inside, operator) =
        use_person().with_untracked(|person| (person.organisation().is_some(), person.viewer.operator));
    let records = inside && may(Permission::TokenRead);
    let rules = inside && may(Permission::RuleRead);
    view! {
        <nav class="nav" aria-label="Main">
            <ul>
                {inside.then(|| view! { <Place to="/streams" icon=icondata_lu::LuRadioTower label="Streams"/> })}
                {records.then(|| view! { <Place to="/tokens" icon=icondata_lu::LuTicket label="Tokens"/> })}
                {rules.then(|| view! { <Place to="/guardian" icon=icondata_lu::LuShield label="Guardian"/> })}
                {inside.then(|| view! {
                    <Place to="/activity" icon=icondata_lu::LuActivity label="Activity"/>
                    <Place to="/organisation" icon=icondata_lu::LuBuilding2 label="Organisation"/>
                })}
                {operator.then(|| view! { <Place to="/platform" icon=icondata_lu::LuServer label="Platform"/> })}
                <Place to="/account" icon=icondata_lu::LuCircleUser label="Account"/>
            </ul>
        </nav>
    }
}

#[component]
fn Place(to: &'static str, icon: Drawing, label: &'static str) -> impl IntoView {
    view! { <li><A href=to><Icon of=icon/><span>{label}</span></A></li> }
}
