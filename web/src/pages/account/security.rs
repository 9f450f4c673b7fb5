//! How the account is kept: password, second factor, and where it is signed in.

use leptos::prelude::*;

use super::{Head, factor::Factor, passkeys::Passkeys, password::Password, sign_ins::SignIns};
use crate::{
    api::{account, client::use_api},
    kit::{Load, Loaded, Skeleton},
};

/// The page.
#[component]
pub(crate) fn AccountSecurity() -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || account::security(api));
    view! {
        <Head/>
        <div class="narrow stack">
            <Password load/>
            <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
                <div class="stack">
                    <Factor load/>
                    <Passkeys load/>
                    <SignIns load/>
                </div>
            </Loaded>
        </div>
    }
}
