//! Which organisation requests act in, and the way to another.

use leptos::prelude::*;

use crate::{
    kit::{Icon, Menu, MenuItem},
    session::{Session, use_person},
};

/// The organisation's name and hash; a menu where the person belongs to several.
#[component]
pub(crate) fn Switcher() -> impl IntoView {
    let person = use_person().get_untracked();
    let Some(here) = person.viewer.organisation.clone() else {
        return ().into_any();
    };
    let others: Vec<_> = person
        .viewer
        .memberships
        .into_iter()
        .filter(|one| one.organisation.hash != here.hash)
        .collect();
    let face = move || {
        view! {
            <span class="org-hash" aria-hidden="true">{here.hash.chars().take(2).collect::<String>()}</span>
            <span class="org-name"><strong>{here.name.clone()}</strong><span class="mono">{here.hash.clone()}</span></span>
        }
    };
    if others.is_empty() {
        return view! { <div class="org">{face()}</div> }.into_any();
    }
    let items = StoredValue::new(others);
    view! {
        <div class="org-pick">
            <Menu label="Switch organisation" class="org" button=move || view! { {face()}<Icon of=icondata_lu::LuChevronsUpDown/> }>
                {items.get_value().into_iter().map(|one| {
                    let hash = one.organisation.hash.clone();
                    view! {
                        <MenuItem icon=icondata_lu::LuBuilding2 on_choose=move |()| Session::switch(&hash)>
                            {one.organisation.name}<span class="menu-note">{one.role.label()}</span>
                        </MenuItem>
                    }
                }).collect_view()}
            </Menu>
        </div>
    }
    .into_any()
}
