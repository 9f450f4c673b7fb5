//! One token taken back: whom that cuts is shown before, and how far it has come after.

use leptos::prelude::*;

use super::{
    hit::{Hit, Whom},
    report::Report,
};
use crate::{
    api::{
        client::use_api,
        revocation::{self, RevokeTokensInput},
        tokens::Change,
    },
    kit::{Confirm, Doing},
};

/// The dialogs; they open where `asked` is set to the token's id. `on_revoked` hears it once it is done.
#[component]
pub(crate) fn RevokeOne(
    asked: RwSignal<Option<cynic::Id>>,
    #[prop(into)] on_revoked: Callback<cynic::Id>,
) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (jti, open) = (RwSignal::new(None::<cynic::Id>), RwSignal::new(false));
    let (cut, report) = (RwSignal::new(None::<Change>), RwSignal::new(false));
    Effect::new(move |_| {
        if let Some(one) = asked.get() {
            asked.set(None);
            doing.forget();
            jti.set(Some(one));
            open.set(true);
        }
    });
    let input = Memo::new(move |_| jti.get().filter(|_| open.get()).map(RevokeTokensInput::Jti));
    let hit = Hit::of(input.into());
    let revoke = move |()| {
        let Some(jti) = jti.get_untracked() else { return };
        let by = RevokeTokensInput::Jti(jti.clone());
        doing.run(revocation::revoke_tokens(api, by), move |payload| {
            open.set(false);
            cut.set(payload.change);
            report.set(true);
            on_revoked.run(jti);
        });
    };
    view! {
        <Confirm open busy=doing.busy failure=doing.failure title="Revoke this token?" action="Revoke token" on_confirm=revoke>
            <p>"Whoever watches with it is cut off now, and it never opens anything again. This cannot be undone."</p>
            {move || jti.get().map(|jti| view! { <p class="mono soft">{jti.into_inner()}</p> })}
            <Whom hit input/>
        </Confirm>
        <Report title="Token revoked" cut open=report/>
    }
}
