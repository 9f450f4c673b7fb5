//! A viewer is banned; whom that cuts is shown before.

use leptos::prelude::*;

use super::hit::{Hit, Whom};
use crate::{
    api::{
        bans::{self, BanUserInput},
        client::use_api,
        revocation::RevokeTokensInput,
    },
    kit::{Button, Dialog, Doing, Look, TextField, Trouble, use_toasts},
    time,
};

/// The dialog; it opens where `asked` is set to the viewer, or to an empty text for one that is typed.
#[component]
pub(crate) fn Ban(asked: RwSignal<Option<String>>, #[prop(into)] on_banned: Callback<()>) -> impl IntoView {
    let (open, user) = (RwSignal::new(false), RwSignal::new(String::new()));
    Effect::new(move |_| {
        if let Some(one) = asked.get() {
            asked.set(None);
            user.set(one);
            open.set(true);
        }
    });
    view! {
        <Dialog open title="Ban a viewer" wide=true><Form first=user.get_untracked() open on_banned/></Dialog>
    }
}

#[component]
fn Form(first: String, open: RwSignal<bool>, on_banned: Callback<()>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (user, note) = (RwSignal::new(first), RwSignal::new(String::new()));
    let input = Memo::new(move |_| {
        let user = user.with(|user| user.trim().to_owned());
        (!user.is_empty()).then_some(RevokeTokensInput::User(user))
    });
    let hit = Hit::of(input.into());
    let barred = Signal::derive(move || {
        let is_missing = input.with(Option::is_none);
        is_missing.then(|| "Say which viewer.".to_owned())
    });
    let press = move |_| {
        let (user, note) = (
            user.get_untracked().trim().to_owned(),
            note.get_untracked().trim().to_owned(),
        );
        let input = BanUserInput {
            user: user.clone(),
            note: Some(note).filter(|note| !note.is_empty()),
        };
        doing.run(bans::ban_user(api, input), move |payload| {
            open.set(false);
            on_banned.run(());
            let ended = payload.change.map_or(0, |change| change.sessions_ended);
            toasts.good(match ended {
                0 => format!("{user} is banned."),
                ended => format!("{user} is banned: cut {}.", time::count(ended, "session", "sessions")),
            });
        });
    };
    view! {
        <div class="dialog-body">
            <TextField label="Viewer" value=user required=true autofocus=true placeholder="customer-4711" hint="As tokens name them, letter by letter."/>
            <TextField label="Comment" value=note placeholder="Restreams our matches" hint="For your colleagues: why."/>
            <p class="soft">"Every token that names the viewer is refused from now on, those issued later too, until the ban is taken back."</p>
            <Whom hit input ban=true/>
            <Trouble doing/>
        </div>
        <footer class="dialog-foot">
            <Button on_press=move |_| open.set(false)>"Cancel"</Button>
            <Button look=Look::Danger busy=doing.busy barred on_press=press>"Ban viewer"</Button>
        </footer>
    }
}
