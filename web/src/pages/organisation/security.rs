//! What the organisation asks of its people's sign-ins.

use leptos::prelude::*;

use super::{ClosedToRole, Head, provider::Provider};
use crate::{api::people::Permission, session::may};

/// The page.
#[component]
pub(crate) fn Security() -> impl IntoView {
    if !may(Permission::OrganisationUpdate) {
        return view! { <Head lead=""/><ClosedToRole/> }.into_any();
    }
    view! {
        <Head lead="What is asked of whoever signs in."/>
        <div class="narrow stack">
            {may(Permission::ProviderRead).then(|| view! { <Provider/> })}
        </div>
    }
    .into_any()
}
