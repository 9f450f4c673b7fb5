//! What the organisation asks of its people's sign-ins.

use leptos::prelude::*;

use super::{ClosedToRole, Head, provider::Provider, second_factor::SecondFactor, sign_ins::SignIns};
use crate::{api::people::Permission, session::may};

/// The page.
#[component]
pub(crate) fn Security() -> impl IntoView {
    if !may(Permission::OrganisationUpdate) {
        return view! { <Head part="Security" lead=""/><ClosedToRole/> }.into_any();
    }
    view! {
        <Head part="Security" lead="How people sign in, and where they are signed in."/>
        <div class="narrow stack">
            <SecondFactor/>
            {may(Permission::ProviderRead).then(|| view! { <Provider/> })}
            {may(Permission::MemberInvalidate).then(|| view! { <SignIns/> })}
        </div>
    }
    .into_any()
}
