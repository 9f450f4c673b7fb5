//! Whom a revocation would hit, asked once the typing rests and shown before the button.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        failure::Failure,
        revocation::{self, Preview, RevokeTokensInput},
    },
    kit::{Load, Notice, Tone, rested},
    session::{Person, use_person},
    time,
};

/// What was asked about, and what came of it: whom it hits, or why it cannot be.
type Asked = Option<(RevokeTokensInput, Result<Preview, String>)>;

/// Whom it would hit.
#[derive(Clone, Copy)]
pub(crate) struct Hit(Load<Asked>);

impl Hit {
    /// Of what `input` says, once it rests; `None` asks nothing.
    pub(crate) fn of(input: Signal<Option<RevokeTokensInput>>) -> Self {
        let api = use_api();
        let settled = rested(input);
        Self(Load::new(move || {
            let settled = settled.get();
            async move {
                let Some(input) = settled else { return Ok(None) };
                match revocation::preview(api, input.clone()).await {
                    Ok(preview) => Ok(Some((input, Ok(preview)))),
                    Err(why @ (Failure::Refused(_) | Failure::Field { .. } | Failure::NotFound)) => {
                        Ok(Some((input, Err(why.to_string()))))
                    }
                    Err(why) => Err(why),
                }
            }
        }))
    }

    /// The answer about exactly this; `None` while it is on its way.
    pub(crate) fn on(self, input: &RevokeTokensInput) -> Option<Result<Preview, String>> {
        self.0.value().with(|asked| {
            let (about, answer) = asked.as_ref()?.as_ref()?;
            (about == input).then(|| answer.clone())
        })
    }

    /// Why nothing is known, where the server did not answer.
    pub(crate) fn failure(self) -> Option<String> {
        self.0
            .failure()
            .with(|failure| failure.as_ref().map(ToString::to_string))
    }
}

/// The sentence, with viewers and streams by name. `ban`: the tokens are not revoked, but refused for whom they name.
#[component]
pub(crate) fn Whom(
    hit: Hit,
    #[prop(into)] input: Signal<Option<RevokeTokensInput>>,
    #[prop(optional)] ban: bool,
) -> impl IntoView {
    let answer = Memo::new(move |_| input.get().and_then(|input| hit.on(&input)));
    let person = use_person();
    view! {
        <div role="status">
            {move || match (answer.get(), hit.failure()) {
                (Some(Ok(preview)), _) => {
                    let tone = if preview.sessions > 0 { Tone::Warn } else { Tone::Calm };
                    let text = if ban { sentence_of_ban(&preview) } else { sentence(&preview) };
                    let users = person.with_untracked(|person| users(person, &preview));
                    view! {
                        <Notice tone>
                            <p>{text}</p>
                            {listed("Viewers", &users)}
                            {listed("Streams", &preview.streams)}
                        </Notice>
                    }.into_any()
                }
                (Some(Err(why)), _) | (None, Some(why)) => view! { <Notice tone=Tone::Bad>{why}</Notice> }.into_any(),
                (None, None) if input.with(Option::is_some) => view! { <p class="soft hit-asked">"Looking whom it hits…"</p> }.into_any(),
                (None, None) => ().into_any(),
            }}
        </div>
    }
}

fn listed(head: &'static str, names: &[String]) -> Option<impl IntoView + use<>> {
    (!names.is_empty())
        .then(|| view! { <p class="hit-names"><span class="soft">{head}": "</span>{names.join(", ")}</p> })
}

fn users(person: &Person, preview: &Preview) -> Vec<String> {
    let mut users: Vec<_> = preview.users.iter().map(|user| person.user_label(Some(user))).collect();
    users.dedup();
    users
}

fn sentence(preview: &Preview) -> String {
    let tokens = match preview.tokens {
        0 => "No token that was made here would be revoked".to_owned(),
        many => format!("Would revoke {}", time::count(many, "token", "tokens")),
    };
    match preview.sessions {
        0 => format!("{tokens}. Nobody who watches now would be cut."),
        many => format!("{tokens}, and cut {} now.", time::count(many, "session", "sessions")),
    }
}

fn sentence_of_ban(preview: &Preview) -> String {
    match preview.sessions {
        0 => "Nobody who watches now would be cut.".to_owned(),
        many => format!("Would cut {} now.", time::count(many, "session", "sessions")),
    }
}
