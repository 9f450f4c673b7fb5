//! The person's own account, whatever their role, and with no organisation at all. A page per part.

mod codes;
mod factor;
mod passkeys;
mod password;
mod profile;
mod security;
mod sign_ins;
mod tokens;

pub(super) use self::sign_ins::SignInRows;
pub(crate) use self::{profile::Account, security::AccountSecurity, tokens::AccountTokens};

use leptos::prelude::*;

use crate::{
    kit::{Button, PageHead, Tabs},
    session::{use_person, use_session},
};

/// Head and tabs of each of the pages.
#[component]
fn Head() -> impl IntoView {
    let (person, session) = (use_person().get_untracked(), use_session());
    let mut tabs = vec![("/account", "Profile"), ("/account/security", "Security")];
    if person.organisation().is_some() {
        tabs.push(("/account/api-tokens", "API tokens"));
    }
    view! {
        <PageHead title="Account" lead=person.name()>
            <Button icon=icondata_lu::LuLogOut on_press=move |_| session.sign_out()>"Sign out"</Button>
        </PageHead>
        <Tabs label="Parts of the account" tabs/>
    }
}
