//! Name, packages with what is used of them, and the settings.

use leptos::prelude::*;

use super::{
    Head,
    packages::Packages,
    privacy::Privacy,
    settings::{Settings, Shown},
};
use crate::{
    api::{client::use_api, organisation, people::Permission},
    kit::{Card, CopyField, Load, Loaded, Skeleton},
    session::may,
};

/// The first page of the organisation.
#[component]
pub(crate) fn Overview() -> impl IntoView {
    let api = use_api();
    let at = api.times_changed.get_untracked();
    let load = Load::new(move || organisation::overview(api));
    let hash = move || {
        load.value()
            .with(|one| one.as_ref().map(|one| one.hash.clone()).unwrap_or_default())
    };
    view! {
        <Head part="Overview" lead="What it has, and how it is set up."/>
        <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
            <div class="split">
                <Packages told=load at/>
                <div class="stack">
                    <Card title="Identity">
                        <div class="stack-tight">
                            <CopyField label="Hash" value=Signal::derive(hash)/>
                            <p class="soft">"Every stream name begins with it, and requests name the organisation by it. It cannot be changed."</p>
                        </div>
                    </Card>
                    {if may(Permission::OrganisationUpdate) {
                        view! { <Settings load/><Privacy load/> }.into_any()
                    } else {
                        view! { <Shown load/> }.into_any()
                    }}
                </div>
            </div>
        </Loaded>
    }
}
