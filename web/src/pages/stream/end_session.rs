//! Ending a session: asked before, told afterwards, with the offer to take back its token for good.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        revocation::{self, RevokeTokensInput},
        sessions::{self, Session},
        tokens::{Change, Token},
    },
    kit::{Button, Confirm, Dialog, Doing, Look, Trouble},
    pages::tokens::Progress,
};

/// The dialogs around one session that is to be ended; `asked` opens them.
#[component]
pub(super) fn EndSession(asked: RwSignal<Option<Session>>) -> impl IntoView {
    let api = use_api();
    let (open, report) = (RwSignal::new(false), RwSignal::new(false));
    let ending = Doing::new();
    let told = RwSignal::new(None::<(Change, Option<Token>)>);
    Effect::new(move |_| {
        if asked.with(Option::is_some) {
            ending.forget();
            open.set(true);
        }
    });
    let end = move |()| {
        let Some(session) = asked.get_untracked() else { return };
        ending.run(sessions::end(api, session.id), move |ended| {
            open.set(false);
            told.set(Some((ended.change, ended.token)));
            report.set(true);
        });
    };
    view! {
        <Confirm open busy=ending.busy failure=ending.failure title="End this session?" action="End session" on_confirm=end>
            <p>"It is cut off now. Whoever was in it is kept out from that address for 5 minutes; from elsewhere, and afterwards, the token still opens the stream."</p>
            {move || asked.get().map(|session| view! { <p class="mono soft">{session.address}</p> })}
        </Confirm>
        <Dialog open=report title="Session ended">
            {move || told.get().map(|(change, token)| view! { <Told change token/> })}
            <footer class="dialog-foot"><Button look=Look::Primary on_press=move |_| report.set(false)>"Done"</Button></footer>
        </Dialog>
    }
}

/// What came of it, and the offer; taken up, what came of that.
#[component]
fn Told(change: Change, token: Option<Token>) -> impl IntoView {
    let api = use_api();
    let revoking = Doing::new();
    let change = RwSignal::new(change);
    let offered = RwSignal::new(token.filter(Token::can_be_revoked));
    let revoke = move |_| {
        let Some(token) = offered.get_untracked() else { return };
        let by = RevokeTokensInput::Jti(token.jti);
        revoking.run(revocation::revoke_tokens(api, by), move |revoked| {
            if let Some(revoked) = revoked.change {
                change.set(revoked);
            }
            offered.set(None);
        });
    };
    view! {
        {move || view! { <Progress change=change.get()/> }}
        <Show when=move || offered.with(Option::is_some)>
            <div class="dialog-body">
                <p>"To keep its holder out for good, and from everywhere, revoke the token too."</p>
                <p><Button look=Look::Danger busy=revoking.busy on_press=revoke>"Revoke its token"</Button></p>
                <Trouble doing=revoking/>
            </div>
        </Show>
    }
}
