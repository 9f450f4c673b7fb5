//! Many tokens taken back at once: by viewer, label, stream, key, or all of them.

use leptos::prelude::*;

use super::{
    hit::{Hit, Whom},
    report::Report,
};
use crate::{
    api::{
        client::use_api,
        people::Permission,
        revocation::{self, RevokeTokensInput},
        scalar::DateTime,
        signing_keys, streams,
        tokens::Change,
    },
    kit::{Button, Choice, Choices, Dialog, Doing, Load, Look, Notice, Select, TextField, Tone, Trouble},
    session::may,
    time,
};

/// What the tokens have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Viewer,
    Label,
    Stream,
    Key,
    All,
}

impl By {
    const ALL: [Self; 5] = [Self::Viewer, Self::Label, Self::Stream, Self::Key, Self::All];

    const fn label(self) -> &'static str {
        match self {
            Self::Viewer => "Viewer",
            Self::Label => "Tag",
            Self::Stream => "Stream",
            Self::Key => "Signing key",
            Self::All => "All",
        }
    }

    /// Whether the role may.
    fn is_allowed(self) -> bool {
        may(match self {
            Self::Viewer | Self::Label => Permission::TokenRevoke,
            Self::Stream | Self::Key | Self::All => Permission::TokenRevokeBulk,
        })
    }
}

/// What it is to begin with; setting it opens the dialog.
pub(crate) type Asked = RwSignal<Option<(By, String)>>;

/// The dialog, and after it how far the change has come.
#[component]
pub(crate) fn Bulk(asked: Asked, #[prop(into)] on_revoked: Callback<()>) -> impl IntoView {
    let (open, report) = (RwSignal::new(false), RwSignal::new(false));
    let cut = RwSignal::new(None::<Change>);
    let first = RwSignal::new((By::Viewer, String::new()));
    Effect::new(move |_| {
        if let Some(one) = asked.get() {
            asked.set(None);
            first.set(one);
            open.set(true);
        }
    });
    let done = Callback::new(move |change: Option<Change>| {
        open.set(false);
        cut.set(change);
        report.set(true);
        on_revoked.run(());
    });
    view! {
        <Dialog open title="Revoke many tokens" wide=true>
            {move || { let (by, text) = first.get(); view! { <Form by text open on_done=done/> } }}
        </Dialog>
        <Report title="Tokens revoked" cut open=report/>
    }
}

#[component]
fn Form(by: By, text: String, open: RwSignal<bool>, on_done: Callback<Option<Change>>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (by, text, until) = (RwSignal::new(by), RwSignal::new(text), RwSignal::new(String::new()));
    let input = Memo::new(move |_| {
        let text = text.with(|text| text.trim().to_owned());
        let given = Some(text).filter(|text| !text.is_empty());
        match by.get() {
            By::Viewer => given.map(RevokeTokensInput::User),
            By::Label => given.map(RevokeTokensInput::Tag),
            By::Stream => given.map(RevokeTokensInput::Stream),
            By::Key => given.map(|id| RevokeTokensInput::SigningKey(id.into())),
            By::All => Some(RevokeTokensInput::IssuedBefore(moment(&until.get()))),
        }
    });
    let hit = Hit::of(input.into());
    let ready = Memo::new(move |_| input.get().is_some_and(|input| matches!(hit.on(&input), Some(Ok(_)))));
    let barred = Signal::derive(move || {
        let why = match (ready.get(), input.with(Option::is_none)) {
            (true, _) => return None,
            (false, true) => "Say which tokens.",
            (false, false) => "Whom that hits is shown first.",
        };
        Some(why.to_owned())
    });
    let press = move |_| {
        let Some(shown) = input.get_untracked() else { return };
        // "Now" is when the button is pressed.
        let input = match shown {
            RevokeTokensInput::IssuedBefore(_) => RevokeTokensInput::IssuedBefore(moment(&until.get_untracked())),
            other => other,
        };
        doing.run(revocation::revoke_tokens(api, input), move |payload| {
            on_done.run(payload.change);
        });
    };
    let options: Vec<_> = By::ALL
        .into_iter()
        .filter(|one| one.is_allowed())
        .map(|one| Choice::new(one, one.label()))
        .collect();
    let is_all = options.len() == By::ALL.len();
    let choose = move |one| {
        by.set(one);
        text.set(String::new());
        doing.forget();
    };
    view! {
        <div class="dialog-body">
            <Choices legend="By" options chosen=by on_choose=choose/>
            {(!is_all).then(|| view! { <p class="field-hint">"By stream, by signing key, and all of them at once: for nanoAdmin."</p> })}
            {move || match by.get() {
                By::Viewer => view! { <TextField label="Viewer" value=text required=true autofocus=true placeholder="customer-4711" hint="As tokens name them, letter by letter."/> }.into_any(),
                By::Label => view! { <TextField label="Tag" value=text required=true autofocus=true placeholder="newsletter" hint="As tokens name it, letter by letter."/> }.into_any(),
                By::Stream => view! { <StreamOf text/> }.into_any(),
                By::Key => view! { <KeyOf text/> }.into_any(),
                By::All => view! { <TextField label="Issued up to" kind="datetime-local" value=until hint="In your time zone; empty for now."/> }.into_any(),
            }}
            <p class="soft">{move || match by.get() {
                By::Stream => "Covers every token for it that was issued up to now, those for other streams too; there they stay good.",
                By::All => "Covers every token of the organisation that was issued up to then, whoever signed it.",
                By::Key => "Covers every token that it signed up to now. The key stays: remove it among the signing keys.",
                By::Viewer => "Covers every token that was issued up to now. Who is to stay out, whatever token comes next, is banned.",
                By::Label => "Covers every token that was issued up to now; later ones with this tag are good.",
            }}" Tokens without iat are covered for good, new ones too. This cannot be undone."</p>
            <Whom hit input/>
            {move || (by.get() == By::All && ready.get()).then(|| view! { <Notice tone=Tone::Warn>"Whoever watches with a token has to get a new one."</Notice> })}
            <Trouble doing/>
        </div>
        <footer class="dialog-foot">
            <Button on_press=move |_| open.set(false)>"Cancel"</Button>
            <Button look=Look::Danger busy=doing.busy barred on_press=press>"Revoke tokens"</Button>
        </footer>
    }
}

#[component]
fn StreamOf(text: RwSignal<String>) -> impl IntoView {
    let api = use_api();
    let streams = Load::new(move || streams::all(api));
    let options = Signal::derive(move || {
        let all = streams.value().get().unwrap_or_default();
        let known = all.iter().map(|one| (one.name.clone(), one.caption()));
        [(String::new(), "Choose a stream".to_owned())]
            .into_iter()
            .chain(known)
            .collect()
    });
    view! { <Select label="Stream" options chosen=text on_choose=move |name| text.set(name)/> }
}

#[component]
fn KeyOf(text: RwSignal<String>) -> impl IntoView {
    let api = use_api();
    let keys = Load::new(move || signing_keys::all(api));
    let options = Signal::derive(move || {
        let all = keys.value().get().unwrap_or_default();
        let known = all.into_iter().map(|key| {
            let of = if key.ours { "Portcullis" } else { "your own" };
            (key.id.into_inner(), format!("{} ({of})", key.kid))
        });
        [(String::new(), "Choose a key".to_owned())]
            .into_iter()
            .chain(known)
            .collect()
    });
    view! { <Select label="Signing key" options chosen=text on_choose=move |id| text.set(id)/> }
}

/// What the field says; now where it says nothing.
fn moment(text: &str) -> DateTime {
    time::moment(text).unwrap_or_else(|| time::after(std::time::Duration::ZERO))
}
