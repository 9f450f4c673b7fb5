//! Ending sessions: asked before, told afterwards, with the offer to take back their token for good.

use leptos::prelude::*;

use crate::{
    api::{
        client::{Api, use_api},
        failure::Failure,
        revocation::{self, RevokeTokensInput},
        sessions::{self, Ended, Session},
    },
    kit::{Button, Confirm, Dialog, Doing, Look, Trouble},
    pages::tokens::Progress,
    time,
};

/// The dialogs around sessions that are to be ended, mostly one; `asked` opens them. `on_ended` is called once they are.
#[component]
pub(in crate::pages) fn EndSession(
    asked: RwSignal<Vec<Session>>,
    #[prop(into, optional)] on_ended: Option<Callback<()>>,
) -> impl IntoView {
    let api = use_api();
    let (open, report) = (RwSignal::new(false), RwSignal::new(false));
    let ending = Doing::new();
    let told = RwSignal::new(None::<Vec<Ended>>);
    Effect::new(move |_| {
        if !asked.with(Vec::is_empty) {
            ending.forget();
            open.set(true);
        }
    });
    let end = move |()| {
        ending.run(end_all(api, asked.get_untracked()), move |ended| {
            open.set(false);
            told.set(Some(ended));
            report.set(true);
            if let Some(on_ended) = on_ended {
                on_ended.run(());
            }
        });
    };
    let many = Memo::new(move |_| asked.with(Vec::len));
    let title = Signal::derive(move || match many.get() {
        0 | 1 => "End this session?".to_owned(),
        many => format!("End these {many} sessions?"),
    });
    let called = move |one: &'static str, several: &'static str| {
        Signal::derive(move || {
            let word = if many.get() > 1 { several } else { one };
            word.to_owned()
        })
    };
    let action = called("End session", "End sessions");
    let ended = called("Session ended", "Sessions ended");
    view! {
        <Confirm open busy=ending.busy failure=ending.failure title action on_confirm=end>
            {move || if many.get() > 1 {
                view! { <p>"They are cut off now. Whoever was in them is kept out from those addresses for 5 minutes; from elsewhere, and afterwards, their tokens still open the stream."</p> }
            } else {
                view! { <p>"It is cut off now. Whoever was in it is kept out from that address for 5 minutes; from elsewhere, and afterwards, the token still opens the stream."</p> }
            }}
            {move || view! { <p class="mono soft">{addresses(&asked.get())}</p> }}
        </Confirm>
        <Dialog open=report title=ended>
            {move || told.get().map(|ended| view! { <Told ended/> })}
            <footer class="dialog-foot"><Button look=Look::Primary on_press=move |_| report.set(false)>"Done"</Button></footer>
        </Dialog>
    }
}

/// Ends them one after the other. Of several, those that are over by then are passed by.
async fn end_all(api: Api, all: Vec<Session>) -> Result<Vec<Ended>, Failure> {
    let several = all.len() > 1;
    let mut ended = Vec::new();
    for session in all {
        match sessions::end(api, session.id).await {
            Ok(one) => ended.push(one),
            Err(Failure::Field { .. }) if several => {}
            Err(why) => return Err(why),
        }
    }
    Ok(ended)
}

/// From where they are, each address once, a few of them.
fn addresses(sessions: &[Session]) -> String {
    let mut all: Vec<_> = sessions.iter().map(|session| session.address.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    match more {
        0 => all.join(", "),
        more => format!("{} and {more} more", all.join(", ")),
    }
}

/// What came of it, and the offer; taken up, what came of that.
#[component]
fn Told(ended: Vec<Ended>) -> impl IntoView {
    let api = use_api();
    let revoking = Doing::new();
    let several = ended.len() != 1;
    let cut: i32 = ended.iter().map(|one| one.change.sessions_ended).sum();
    let token = common_token(&ended).cloned();
    let change = RwSignal::new(ended.into_iter().next().map(|one| one.change).filter(|_| !several));
    let offered = RwSignal::new(token);
    let revoke = move |_| {
        let Some(jti) = offered.get_untracked() else { return };
        let by = RevokeTokensInput::Jti(jti);
        revoking.run(revocation::revoke_tokens(api, by), move |revoked| {
            if revoked.change.is_some() {
                change.set(revoked.change);
            }
            offered.set(None);
        });
    };
    view! {
        {move || match change.get() {
            Some(change) => view! { <Progress change/> }.into_any(),
            None => view! { <div class="dialog-body"><p role="status">{format!("Cut {}.", time::count(cut, "session", "sessions"))}</p></div> }.into_any(),
        }}
        <Show when=move || offered.with(Option::is_some)>
            <div class="dialog-body">
                <p>"To keep its holder out for good, and from everywhere, revoke the token too."</p>
                <p><Button look=Look::Danger busy=revoking.busy on_press=revoke>"Revoke its token"</Button></p>
                <Trouble doing=revoking/>
            </div>
        </Show>
    }
}

/// The token that all of them ran on, where it is one and can be revoked.
fn common_token(ended: &[Ended]) -> Option<&cynic::Id> {
    let first = ended.first()?.revocable.as_ref()?;
    let is_same = |one: &Ended| one.revocable.as_ref() == Some(first);
    ended.iter().all(is_same).then_some(first)
}

/// So many addresses are named.
const NAMED: usize = 6;
