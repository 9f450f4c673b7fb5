//! A token, a handle or an id is looked at: what it says, what stands against it, and what became of it. What needs no
//! secret is found out in the browser, and the token stays there.

use std::sync::Arc;

use guard::{
    Form, Timestamp,
    lint::{Finding, Traits, lint},
    token::{Claims, Malformed, Token, claims_of},
};
use leptos::prelude::*;
use serde_json::{Map, Value};

use super::{ClosedToRole, Findings, Head, findings::shown, handle::MakeHandle, said::Said};
use crate::{
    api::{
        client::use_api,
        failure::{Failure, sentence},
        organisation,
        people::Permission,
        token_looks::{self, CredentialKind, Looked, Record},
    },
    kit::{Badge, Button, Card, Doing, Empty, Load, Notice, StatusBadge, TextArea, Tone, Trouble, When},
    session::may,
    time,
};

/// What was pasted, by its form.
#[derive(Clone, Debug, PartialEq)]
enum Pasted {
    Nothing,
    /// An id of ours.
    Jti(String),
    /// A JWT, with what it says.
    Jwt(Box<Jwt>),
    /// What says nothing by itself: only the server can know for what it stands.
    Handle,
    Static,
    /// Any other text; one with two dots may be a token whose header is damaged.
    Opaque {
        has_two_dots: bool,
    },
    /// No credential, and why.
    Malformed(String),
}

#[derive(Clone, Debug, PartialEq)]
struct Jwt {
    kid: Option<String>,
    jti: String,
    claims: Claims,
    object: Map<String, Value>,
}

/// What the look-up by id came to.
#[derive(Clone, Debug, PartialEq)]
enum Found {
    /// There is no id to look up, or nothing is known yet.
    Unknown,
    Nowhere,
    Here(Box<Record>),
}

impl Pasted {
    fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Nothing;
        }
        if text.starts_with("tok_") && !text.contains('.') {
            return Self::Jti(text.to_owned());
        }
        let read = match Form::of(text) {
            Ok(Form::Handle(_)) => return Self::Handle,
            Ok(Form::Static(_)) => return Self::Static,
            Ok(Form::Opaque(text)) => {
                return Self::Opaque {
                    has_two_dots: Token::looks_like_one(text),
                };
            }
            Ok(Form::Jwt(token)) => Jwt::of(&token),
            Err(why) => Err(why),
        };
        match read {
            Ok(jwt) => Self::Jwt(Box::new(jwt)),
            Err(why) => Self::Malformed(sentence(&why.to_string())),
        }
    }

    /// The id that a record may have.
    fn jti(&self) -> Option<String> {
        match self {
            Self::Jti(jti) => Some(jti.clone()),
            Self::Jwt(jwt) if jwt.jti.starts_with("tok_") => Some(jwt.jti.clone()),
            _ => None,
        }
    }
}

impl Jwt {
    fn of(token: &Token) -> Result<Self, Malformed> {
        Ok(Self {
            kid: token.kid.as_deref().map(str::to_owned),
            jti: token.claims()?.jti.to_string(),
            claims: token.claims()?.clone(),
            object: token.object()?,
        })
    }
}

/// The credential by itself, where it was copied with the header, the address or the command that it stood in.
fn alone(text: &str) -> Option<String> {
    let text = text.trim();
    let words = text.split_whitespace().collect::<Vec<_>>();
    if let [.., scheme, credential] = words.as_slice()
        && scheme.eq_ignore_ascii_case("bearer")
    {
        return Some((*credential).to_owned());
    }
    let ends = |part: &str| part.split(['&', '#', '/']).next().unwrap_or_default().to_owned();
    let asked = |(_, rest): (_, &str)| {
        let mut parts = rest.split(['?', '#', '&']);
        parts.find_map(|part| part.strip_prefix("token=")).map(ends)
    };
    // Names of hosts have dots too; every token's header begins with a brace and a quotation mark.
    let is_token = |part: &&str| part.len() < text.len() && part.starts_with("eyJ") && Token::looks_like_one(part);
    let around = |letter: char| letter.is_whitespace() || "'\"/?#&=,;:".contains(letter);
    let within = || text.split(around).find(is_token).map(str::to_owned);
    text.split_once("://")
        .filter(|_| words.len() == 1)
        .and_then(asked)
        .or_else(within)
}

/// The page.
#[component]
pub(crate) fn LookAtToken() -> impl IntoView {
    let lead = "What a token says, what stands against it, and what became of it.";
    if !may(Permission::TokenRead) {
        return view! { <Head part="Look up" lead/><ClosedToRole/> }.into_any();
    }
    let api = use_api();
    let text = RwSignal::new(String::new());
    Effect::new(move |_| {
        if let Some(alone) = text.with(|text| alone(text)) {
            text.set(alone);
        }
    });
    let pasted = Memo::new(move |_| text.with(|text| Pasted::of(text)));
    // Asked again with every change of the text: it may have been revoked meanwhile.
    let record = Load::new(move || {
        let jti = pasted.with(Pasted::jti);
        async move {
            match jti {
                None => Ok(None),
                Some(jti) => match token_looks::record(api, jti.clone()).await {
                    Ok(record) => Ok(Some((jti, Found::Here(Box::new(record))))),
                    Err(Failure::NotFound) => Ok(Some((jti, Found::Nowhere))),
                    Err(why) => Err(why),
                },
            }
        }
    });
    // Of what stands in the field now.
    let found = Memo::new(move |_| {
        let jti = pasted.with(Pasted::jti);
        record
            .value()
            .with(|found| match (jti, found.as_ref().and_then(Option::as_ref)) {
                (Some(jti), Some((of, found))) if jti == *of => found.clone(),
                _ => Found::Unknown,
            })
    });
    view! {
        <Head part="Look up" lead/>
        <div class="look">
            <TextArea label="Token, handle or id" value=text lines=4 required=true autofocus=true placeholder="eyJ…, h_… or tok_…" hint="A token is read in your browser and goes nowhere; only its id is looked up."/>
        </div>
        {move || match pasted.get() {
            Pasted::Nothing => view! { <Empty icon=icondata_lu::LuScanSearch title="Nothing to look at yet" text="Paste a token that a viewer sent you, or an id from a session or a log."/> }.into_any(),
            Pasted::Malformed(why) => view! { <Notice tone=Tone::Bad>{why}</Notice> }.into_any(),
            Pasted::Handle => view! { <Ask text why="It has the form of a handle, which says nothing by itself: the server has to look."/> }.into_any(),
            Pasted::Static => view! { <Ask text why="It has the form of a static token, which says nothing by itself: the server has to look."/> }.into_any(),
            Pasted::Opaque { has_two_dots: false } => view! { <Ask text why="It is no signed token. Whether your list of static tokens has it, the server has to look."/> }.into_any(),
            Pasted::Opaque { has_two_dots: true } => view! { <Ask text why="It is no signed token, but has two dots as one has: it may be damaged. Whether your own backend judges such texts, the server has to look."/> }.into_any(),
            Pasted::Jti(_) => view! { <ById found failure=record.failure()/> }.into_any(),
            Pasted::Jwt(jwt) => view! { <OfJwt jwt=*jwt found text/> }.into_any(),
        }}
    }
    .into_any()
}

/// An id: what the record says.
#[component]
fn ById(found: Memo<Found>, failure: RwSignal<Option<Failure>>) -> impl IntoView {
    move || match (found.get(), failure.get()) {
        (Found::Here(record), _) => {
            let claims = record.claims.0.as_object().cloned().unwrap_or_default();
            let read = claims_of(&record.claims.0.to_string(), &Arc::from(record.jti.inner())).ok();
            view! {
                <div class="split">
                    <Said claims/>
                    <div class="stack">
                        <Card title="What became of it"><Became record=*record/></Card>
                        {read.map(|read| view! { <Against read/> })}
                    </div>
                </div>
            }
            .into_any()
        }
        (Found::Nowhere, _) => {
            view! { <Notice tone=Tone::Warn>"No token with this id was made here."</Notice> }.into_any()
        }
        (Found::Unknown, Some(why)) => view! { <Notice tone=Tone::Bad>{why.to_string()}</Notice> }.into_any(),
        (Found::Unknown, None) => view! { <p class="soft" role="status">"Looking it up…"</p> }.into_any(),
    }
}

/// A token, read here; its signature is for the server.
#[component]
fn OfJwt(jwt: Jwt, found: Memo<Found>, text: RwSignal<String>) -> impl IntoView {
    let kid = jwt.kid.clone();
    let looked = RwSignal::new(None::<Looked>);
    view! {
        <div class="split">
            <Said claims=jwt.object kid/>
            <div class="stack">
                <Standing found looked/>
                <Against read=jwt.claims/>
                <Ask text looked why="Whether the signature fits only the server can say: the token is sent to it, and kept nowhere."/>
                {may(Permission::TokenCreate).then(|| view! { <Card title="Handle"><MakeHandle token=text/></Card> })}
            </div>
        </div>
    }
}

/// What became of the token with this id, which need not be what was pasted: only the signature tells, and what the server
/// says of it comes first.
#[component]
fn Standing(found: Memo<Found>, looked: RwSignal<Option<Looked>>) -> impl IntoView {
    let signed = Memo::new(move |_| looked.with(|looked| looked.as_ref().map(|looked| looked.signed)));
    // What came with the server's word is newer.
    let found = Memo::new(move |_| {
        let newer = looked.with(|looked| looked.as_ref().and_then(|looked| looked.record.clone()));
        newer.map_or_else(|| found.get(), |record| Found::Here(Box::new(record)))
    });
    view! {
        <Card title="What became of it">
            <div class="stack-tight">
                {move || (signed.get() == Some(false)).then(|| view! { <Notice tone=Tone::Bad>"Nobody comes in with what was pasted."</Notice> })}
                {move || match (found.get(), signed.get()) {
                    (Found::Here(record), signed) => view! {
                        {of_which(signed).map(|which| view! { <p class="soft">{which}</p> })}
                        <Became record=*record/>
                    }.into_any(),
                    (Found::Nowhere, Some(false)) => view! { <p class="soft">"No token with this id was made here."</p> }.into_any(),
                    (Found::Nowhere, _) => view! { <Notice tone=Tone::Warn>"It was not made here, or in another organisation: there is no record."</Notice> }.into_any(),
                    (Found::Unknown, Some(false)) => ().into_any(),
                    (Found::Unknown, _) => view! { <p class="soft">"Of what is not made here there is no record. Whether it was revoked is seen when it is used."</p> }.into_any(),
                }}
            </div>
        </Card>
    }
}

/// Of which token a record is, unless the server says that a key signed what was pasted.
const fn of_which(signed: Option<bool>) -> Option<&'static str> {
    match signed {
        Some(true) => None,
        Some(false) => Some("A token with this id:"),
        None => Some("Of the token with this id. The signature of what was pasted is not checked here."),
    }
}

/// What its record says.
#[component]
fn Became(record: Record) -> impl IntoView {
    let link = format!("/tokens?jti={}", record.jti.inner());
    view! {
        <dl class="pairs">
            <div><dt>"Status"</dt><dd><StatusBadge status=record.status/></dd></div>
            <div><dt>"Made"</dt><dd><When at=record.created_at/>{record.created_by.map(|actor| format!(" by {}", actor.name))}</dd></div>
            {record.revoked_at.map(|at| view! { <div><dt>"Revoked"</dt><dd><When at/></dd></div> })}
            <div><dt>"Record"</dt><dd><a class="quiet-link" href=link>"Among the tokens"</a></dd></div>
        </dl>
    }
}

/// What the linter says of it, as it was made.
#[component]
fn Against(read: Claims) -> impl IntoView {
    let api = use_api();
    let overview = Load::new(move || organisation::overview(api));
    let now = time::use_now();
    let (ends, begins) = (read.exp, read.nbf);
    #[expect(clippy::cast_possible_truncation, reason = "a clock's milliseconds fit")]
    let at = move || Timestamp::from_ms(now.get() as i64);
    let over = Memo::new(move |_| ends <= at());
    let early = Memo::new(move |_| begins.is_some_and(|begins| begins > at()));
    let findings = Signal::derive(move || -> Vec<Finding> {
        let default = overview
            .value()
            .with(|now| now.as_ref().is_some_and(|now| now.settings.force_disconnect));
        #[expect(clippy::cast_possible_truncation, reason = "a clock's milliseconds fit")]
        let now = Timestamp::from_ms(now.get_untracked() as i64);
        lint(&Traits::of(&read, default, now))
    });
    view! {
        <Card title="Linter">
            <div class="stack-tight">
                {move || over.get().then(|| view! { <p class="line"><Badge tone=Tone::Calm text="Expired"/><span>"Its time is over."</span></p> })}
                {move || early.get().then(|| view! { <p class="line"><Badge tone=Tone::Warn text="Not yet"/><span>"Its time has not come."</span></p> })}
                <Findings findings/>
            </div>
        </Card>
    }
}

/// The way to the server's word, which `looked` holds once it is there.
#[component]
fn Ask(
    text: RwSignal<String>,
    #[prop(default = RwSignal::new(None))] looked: RwSignal<Option<Looked>>,
    why: &'static str,
) -> impl IntoView {
    let token = Memo::new(move |_| text.with(|text| text.trim().to_owned()));
    Effect::new(move |_| {
        token.track();
        looked.set(None);
    });
    // Begun anew with each text: what is on its way then, or failed, is about another.
    let asking = move || may(Permission::TokenLint).then(|| view! { <Asking token=token.get() looked/> });
    view! {
        <Card title="The server’s word">
            <div class="stack-form">
                <p class="soft">{why}</p>
                {asking}
                <div role="status" class="stack-form">{move || looked.get().map(|looked| view! { <Word looked/> })}</div>
            </div>
        </Card>
    }
}

/// The button that asks about one text, and why that came to nothing.
#[component]
fn Asking(token: String, looked: RwSignal<Option<Looked>>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let told = move |answer| looked.set(Some(answer));
    let press = move |_| doing.run(token_looks::look(api, token.clone()), told);
    view! {
        <div><Button icon=icondata_lu::LuBadgeCheck busy=doing.busy on_press=press>"Ask the server"</Button></div>
        <Trouble doing/>
    }
}

#[component]
fn Word(looked: Looked) -> impl IntoView {
    let (tone, text) = match (looked.kind, &looked.jti) {
        _ if looked.signed => (Tone::Good, "A key of your organisation signed it.".to_owned()),
        (Some(CredentialKind::Static), Some(jti)) => (
            Tone::Warn,
            format!("It is the static token {}.", jti.inner().trim_start_matches("static:")),
        ),
        (Some(CredentialKind::Static | CredentialKind::Opaque), _) => (
            Tone::Warn,
            "Your list of static tokens does not have it: only your own backend can let it in, where it judges tokens."
                .to_owned(),
        ),
        (Some(CredentialKind::Handle), _) => (
            Tone::Bad,
            "It stands for no token of your organisation: nobody comes in with it.".to_owned(),
        ),
        (Some(CredentialKind::Jwt) | None, _) => (
            Tone::Bad,
            "No key of your organisation signed it: nobody comes in with it.".to_owned(),
        ),
    };
    let claims = looked.claims.and_then(|claims| claims.0.as_object().cloned());
    // That of a JWT stands with what became of it.
    let record = looked.record.filter(|_| looked.kind != Some(CredentialKind::Jwt));
    view! {
        <Notice tone>{text}</Notice>
        {looked.kid.map(|kid| view! { <p class="soft">"Key "<span class="mono">{kid}</span></p> })}
        {record.map(|record| view! { <Became record/> })}
        {claims.map(|claims| view! { <Said claims plain=true/> })}
        <ul class="findings">
            {looked.advice.into_iter().map(|advice| {
                let (tone, word) = shown(advice.severity.into());
                view! { <li><Badge tone text=word/><span>{sentence(&advice.message)}</span></li> }
            }).collect_view()}
        </ul>
    }
}
