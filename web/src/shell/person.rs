//! Who is signed in, and the way out.

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use crate::{
    kit::{Icon, Menu, MenuItem},
    session::{use_person, use_session},
};

/// Name and role, over a menu.
#[component]
pub(crate) fn PersonMenu() -> impl IntoView {
    let (person, session) = (use_person().get_untracked(), use_session());
    let (name, role) = (
        person.name(),
        match person.organisation() {
            Some(_) => person.role().label(),
            None if person.viewer.operator => "Platform operator",
            None => "No organisation",
        },
    );
    let initial: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
    let label = format!("{name} {role}");
    let navigate = use_navigate();
    view! {
        <Menu label says_it=true class="person" button=move || view! {
            <span class="avatar" aria-hidden="true">{initial.clone()}</span>
            <span class="person-name"><strong>{name.clone()}</strong>" "<span>{role}</span></span>
            <Icon of=icondata_lu::LuChevronsUpDown/>
        }>
            <MenuItem icon=icondata_lu::LuCircleUser on_choose=move |()| navigate("/account", leptos_router::NavigateOptions::default())>"Account and appearance"</MenuItem>
            <MenuItem icon=icondata_lu::LuLogOut on_choose=move |()| session.sign_out()>"Sign out"</MenuItem>
        </Menu>
    }
}
