//! How the account is kept: where it is signed in.

use leptos::prelude::*;

use super::{Head, sign_ins::SignIns};
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
            <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
                <div class="stack">
                    <SignIns load/>
                </div>
            </Loaded>
        </div>
    }
}
