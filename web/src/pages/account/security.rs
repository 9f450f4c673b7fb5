//! How the account is kept: password, second factor, and where it is signed in.

use leptos::prelude::*;

use super::{Head, factor::Factor, passkeys::Passkeys, password::Password, sign_ins::SignIns};
use crate::{
    api::{account, client::use_api},
    kit::{Card, Load, Loaded, Skeleton},
};

/// The page. Who was signed in by an identity provider sees where, and changes nothing of the account.
#[component]
pub(crate) fn AccountSecurity() -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || account::security(api));
    let own = Memo::new(move |_| {
        load.value()
            .with(|now| now.as_ref().is_some_and(|now| now.second_factor.is_some()))
    });
    view! {
        <Head/>
        <div class="narrow stack">
            <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
                <div class="stack">
                    {move || if own.get() {
                        view! { <Password load/><Factor load/><Passkeys load/> }.into_any()
                    } else {
                        view! {
                            <Card title="Password and second factor">
                                <p class="soft">"Your organisation's identity provider signed you in. Change your password and your second factor there; to change those that you have here, sign in with your password."</p>
                            </Card>
                        }.into_any()
                    }}
                    <SignIns load/>
                </div>
            </Loaded>
        </div>
    }
}
